/** One file of a form. */
export interface FormFile {
  readonly bytes: Buffer
  /** As the client wrote it; undefined when it wrote none. */
  readonly filename: string | undefined
}

/** Parts before the one looked for; a form with a picture has a handful. */
const MAX_PARTS = 100
/** Bytes of the headers of one part. */
const MAX_HEADERS = 8 * 1024

/**
 * The first file under `field` in a `multipart/form-data` body (RFC 7578), read as far as its end. undefined: the type
 * is another, or the body is cut off, malformed or without such a file. Undici's parser, which `Response.formData()`
 * runs, takes seconds for ten megabytes of empty parts, on the thread of the requests, and refuses `filename*` and
 * epilogues.
 */
export function formFile(body: Buffer, contentType: string, field: string): FormFile | undefined {
  const boundary = boundaryOf(contentType)
  if (boundary === undefined) return undefined
  const dashes = Buffer.from(`--${boundary}`, 'latin1')
  const delimiter = Buffer.concat([CRLF, dashes])
  let at = body.subarray(0, dashes.length).equals(dashes) ? dashes.length : after(body, delimiter, 0)
  for (let part = 0; part < MAX_PARTS && at !== undefined; part++) {
    const lineEnd = body.indexOf(CRLF, at)
    // Only spaces may stand between the delimiter and its line end; `--` ends the form.
    if (lineEnd < 0 || lineEnd - at > MAX_HEADERS || /\S/.test(body.toString('latin1', at, lineEnd))) return undefined
    const window = body.subarray(lineEnd, lineEnd + MAX_HEADERS)
    const length = window.indexOf(HEADERS_END)
    if (length < 0) return undefined
    const start = lineEnd + length + HEADERS_END.length
    const end = body.indexOf(delimiter, start)
    if (end < 0) return undefined
    const disposition = dispositionOf(window.toString('utf8', 0, length))
    if (disposition?.name === field && disposition.isFile) {
      return { bytes: body.subarray(start, end), filename: disposition.filename }
    }
    at = end + delimiter.length
  }
  return undefined
}

const CRLF = Buffer.from('\r\n')
const HEADERS_END = Buffer.from('\r\n\r\n')

function after(body: Buffer, text: Buffer, from: number): number | undefined {
  const at = body.indexOf(text, from)
  return at < 0 ? undefined : at + text.length
}

/** RFC 2046 §5.1.1: 1 to 70 characters. */
function boundaryOf(contentType: string): string | undefined {
  if (!/^\s*multipart\/form-data\s*;/i.test(contentType)) return undefined
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70})(?=\s*(?:;|$)))/i.exec(contentType)
  return match?.[1] ?? match?.[2]
}

interface Disposition {
  readonly name: string
  readonly isFile: boolean
  readonly filename: string | undefined
}

function dispositionOf(headers: string): Disposition | undefined {
  const line = headers.split('\r\n').find((header) => /^content-disposition\s*:/i.test(header))
  const name = line && parameter(line, 'name')
  if (!line || name === undefined) return undefined
  const encoded = parameter(line, 'filename\\*')
  const filename = (encoded && extended(encoded)) || parameter(line, 'filename')?.replaceAll('%22', '"')
  return { name, isFile: encoded !== undefined || filename !== undefined, filename: filename || undefined }
}

/** A quoted value may hold anything but a quote: browsers write `%22` for one in a file name. */
function parameter(line: string, name: string): string | undefined {
  const match = new RegExp(`;[ \\t]*${name}=(?:"([^"]*)"|([^\\s;"]*))`, 'i').exec(line)
  return match?.[1] ?? match?.[2]
}

/** `UTF-8''caf%C3%A9.jpg` (RFC 8187), which libraries write although RFC 7578 asks them not to. */
function extended(value: string): string | undefined {
  const match = /^utf-8'[^']*'(.*)$/i.exec(value)
  try {
    return match ? decodeURIComponent(match[1] as string) : undefined
  } catch {
    // Not UTF-8: the plain filename is taken, if there is one.
    return undefined
  }
}

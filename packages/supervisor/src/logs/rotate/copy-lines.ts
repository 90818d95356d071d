import { createReadStream, createWriteStream } from 'node:fs'
import { type FileHandle, rm, stat, truncate } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

/** Bytes of a file, `end` not included. */
export interface Range {
  readonly begin: number
  readonly end: number
}

const NEWLINE = 0x0a
/** A line longer than this may be cut. */
const MAX_LINE = 64 * 1024

/** The last `most` bytes of a range as whole lines; the range itself when it is smaller and ends with a line. */
export async function wholeLines(file: FileHandle, { begin, end }: Range, most: number): Promise<Range> {
  const last = await lineEndBefore(file, Math.max(begin, end - MAX_LINE), end)
  const whole = { begin, end: last ?? end }
  if (whole.end - begin <= most) return whole
  const cut = whole.end - most
  return { begin: (await lineStartAfter(file, cut, Math.min(whole.end, cut + MAX_LINE))) ?? cut, end: whole.end }
}

async function lineEndBefore(file: FileHandle, begin: number, end: number): Promise<number | undefined> {
  const at = (await readPart(file, begin, end)).lastIndexOf(NEWLINE)
  return at === -1 ? undefined : begin + at + 1
}

async function lineStartAfter(file: FileHandle, begin: number, end: number): Promise<number | undefined> {
  const at = (await readPart(file, begin, end)).indexOf(NEWLINE)
  return at === -1 ? undefined : begin + at + 1
}

async function readPart(file: FileHandle, begin: number, end: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(end - begin), 0, end - begin, begin)
  return buffer.subarray(0, bytesRead)
}

/** Appends a part of a file to another. When that fails, the other is as it was. Throws the system's error. */
export async function appendPart(from: string, to: string, { begin, end }: Range, heading = ''): Promise<void> {
  const before = await sizeOf(to)
  try {
    const target = createWriteStream(to, { flags: 'a', mode: 0o640 })
    if (heading) target.write(heading)
    if (end > begin) await pipeline(createReadStream(from, { start: begin, end: end - 1 }), target)
    else await new Promise<void>((resolve, reject) => target.on('error', reject).end(resolve))
  } catch (error) {
    // Half a copy on a full disk only makes it fuller.
    if (before === undefined) await rm(to, { force: true })
    else await truncate(to, before)
    throw error
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

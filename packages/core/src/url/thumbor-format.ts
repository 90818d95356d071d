import { ImgsvcError } from '../errors.ts'
import { splitFilterCalls } from './filter-calls.ts'
import { escapeAscii, quote, unquote } from './percent.ts'
import type { CropBox, FilterCall, ImageRequest, Side, Trim } from './request.ts'
import { parseTrim, readSegments } from './thumbor-segments.ts'

/**
 * Writes a request as thumbor's options and source, without authority and leading slash; reading it gives the request
 * back. A source whose beginning would be read as an option, such as `300x200/a.jpg`, has its first character escaped
 * (`%3300x200/a.jpg`). Throws URL_MALFORMED for what the grammar cannot say: `adaptive` or `full` without fit-in,
 * sides that are no whole numbers of px, a trim whose parts contradict its text, filters that would be split
 * elsewhere, a source that is not quoted as the router quotes it.
 */
export function formatThumbor(request: ImageRequest): string {
  const options = [
    request.debug && 'debug',
    request.meta && 'meta',
    request.trim && trimSegment(request.trim),
    request.crop && cropSegment(request.crop),
    fitSegment(request),
    sizeSegment(request),
    request.halign !== 'center' && request.halign,
    request.valign !== 'middle' && request.valign,
    request.smart && 'smart',
    request.filters.length > 0 && filtersSegment(request.filters),
  ].filter((segment) => typeof segment === 'string')
  return withSource(options.map((segment) => `${segment}/`).join(''), request.source)
}

function withSource(options: string, source: string): string {
  if (source === '' || quote(unquote(source)) !== source)
    throw inexpressible(`the source must be percent-encoded once, and not empty, got ${JSON.stringify(source)}`)
  const plain = `${options}${source}`
  // Read with an authority in front, as it will be: without one the first segment would pass for a signature.
  if (readSegments(`/unsafe/${plain}`)?.image === source) return plain
  return `${options}${escapeAscii(source)}${source.slice(1)}`
}

function trimSegment(trim: Trim): string {
  const read = parseTrim(trim.raw)
  if (read?.pos !== trim.pos || read.tolerance !== trim.tolerance)
    throw inexpressible(`trim ${JSON.stringify(trim.raw)} does not say ${trim.pos}, ${trim.tolerance}`)
  return trim.raw
}

function cropSegment({ left, top, right, bottom }: CropBox): string {
  return `${digits(left)}x${digits(top)}:${digits(right)}x${digits(bottom)}`
}

function fitSegment({ fitIn, adaptive, full }: ImageRequest): string | undefined {
  if (fitIn) return `${adaptive ? 'adaptive-' : ''}${full ? 'full-' : ''}fit-in`
  if (adaptive || full) throw inexpressible('adaptive and full need fit-in')
  return undefined
}

function sizeSegment({ width, height, flipH, flipV }: ImageRequest): string | undefined {
  const size = `${flipH ? '-' : ''}${side(width)}x${flipV ? '-' : ''}${side(height)}`
  return size === '0x0' ? undefined : size
}

function side(value: Side): string {
  return value === 'orig' ? value : digits(value)
}

function digits(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0)
    throw inexpressible(`a length must be a whole number of px, 0 or more, got ${value}`)
  return String(value)
}

function filtersSegment(filters: readonly FilterCall[]): string {
  const text = filters.map((call) => call.text).join(':')
  const read = splitFilterCalls(text)
  const same = read.length === filters.length && read.every((call, i) => sameCall(call, filters[i]))
  // One character and a `)` at least: that is what the grammar looks for.
  if (!same || text.length < 2 || !text.endsWith(')'))
    throw inexpressible(`the filters ${JSON.stringify(text)} would be read differently`)
  return `filters:${escapeFilters(text)}`
}

function sameCall(a: FilterCall, b: FilterCall | undefined): boolean {
  return a.name === b?.name && a.text === b.text
}

/** Keeps the text readable: only `%`, `?`, `#`, what no URL may hold, and a slash that would end the segment. */
function escapeFilters(text: string): string {
  try {
    return encodeURI(text).replace(/[?#]/g, escapeAscii).replaceAll(')/', ')%2F')
  } catch (cause) {
    throw new ImgsvcError('URL_MALFORMED', 'half of a surrogate pair cannot be written as UTF-8', { cause })
  }
}

function inexpressible(detail: string): ImgsvcError {
  return new ImgsvcError('URL_MALFORMED', detail)
}

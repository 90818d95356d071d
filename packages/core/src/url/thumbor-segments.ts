import type { CropBox, Side, Trim } from './request.ts'

/** A path cut into thumbor's segments; authority, filters and image are still percent-encoded. */
export interface Segments {
  readonly unsafe: boolean
  readonly hash: string | undefined
  /** Where the text behind `unsafe/` or `hash/` begins. */
  readonly optionsAt: number
  readonly debug: boolean
  readonly meta: boolean
  readonly trim: Trim | undefined
  readonly crop: CropBox | undefined
  readonly fit: Fit | undefined
  readonly size: Size | undefined
  readonly halign: 'left' | 'right' | 'center' | undefined
  readonly valign: 'top' | 'bottom' | 'middle' | undefined
  readonly smart: boolean
  readonly filters: string | undefined
  readonly image: string
}

interface Fit {
  readonly adaptive: boolean
  readonly full: boolean
}

interface Size {
  readonly flipH: boolean
  readonly width: Side
  readonly flipV: boolean
  readonly height: Side
}

/**
 * Reads the grammar of `libthumbor/url.py` in one pass. Every segment is optional and they come in this order only;
 * what does not fit is the image. Undefined when even that is impossible: an empty path, or one with a line feed.
 */
export function readSegments(path: string): Segments | undefined {
  if (path === '' || path.includes('\n')) return undefined
  const cursor = createCursor(path, path.length > 1 && path.startsWith('/') ? 1 : 0)
  const unsafe = cursor.take(exactly('unsafe')) !== undefined
  const hash = unsafe ? undefined : cursor.takeThrough('/')
  return {
    unsafe,
    hash,
    optionsAt: cursor.at(),
    debug: cursor.take(exactly('debug')) !== undefined,
    meta: cursor.take(exactly('meta')) !== undefined,
    trim: cursor.take(parseTrim),
    crop: cursor.take(parseCrop),
    fit: cursor.take(parseFit),
    size: cursor.take(parseSize),
    halign: cursor.take(exactly('left', 'right', 'center')),
    valign: cursor.take(exactly('top', 'bottom', 'middle')),
    smart: cursor.take(exactly('smart')) !== undefined,
    filters: cursor.takeFilters(),
    image: path.slice(cursor.at()),
  }
}

/** A place in the path. Nothing is taken when no image would be left behind it. */
function createCursor(path: string, start: number) {
  let at = start
  const advance = (end: number) => {
    const text = path.slice(at, end)
    at = end + 1
    return text
  }
  const leavesImage = (slash: number) => slash >= 0 && slash < path.length - 1
  return {
    at: () => at,
    /** One segment, if `read` understands it. */
    take: <T>(read: (segment: string) => T | undefined): T | undefined => {
      const slash = path.indexOf('/', at)
      if (!leavesImage(slash)) return undefined
      const value = read(path.slice(at, slash))
      if (value !== undefined) at = slash + 1
      return value
    },
    /** The shortest non-empty text up to `end`: the first character may be a slash itself. */
    takeThrough: (end: string): string | undefined => {
      const slash = path.indexOf(end, at + 1)
      return leavesImage(slash) ? advance(slash) : undefined
    },
    /** `filters:` up to the first `)/`, slashes included. */
    takeFilters: (): string | undefined => {
      const prefix = 'filters:'
      if (!path.startsWith(prefix, at)) return undefined
      const close = path.indexOf(')/', at + prefix.length + 1)
      return close >= 0 && leavesImage(close + 1) ? advance(close + 1).slice(prefix.length) : undefined
    },
  }
}

function exactly<const T extends string>(...words: readonly T[]): (segment: string) => T | undefined {
  return (segment) => words.find((word) => word === segment)
}

/**
 * `trim`, `trim:bottom-right:20`. As in thumbor the second part is the corner whatever it is: `trim:50` has the corner
 * `50`, which counts as bottom-right, and no tolerance. Undefined when the text is no trim segment.
 */
export function parseTrim(segment: string): Trim | undefined {
  if (!/^trim(?::top-left|:bottom-right)?(?::\d+)?$/.test(segment)) return undefined
  const [, pos = 'top-left', tolerance = '0'] = segment.split(':')
  return { raw: segment, pos, tolerance: integer(tolerance) }
}

function parseCrop(segment: string): CropBox | undefined {
  const [, left, top, right, bottom] = /^(\d+)x(\d+):(\d+)x(\d+)$/.exec(segment) ?? []
  if (left === undefined || top === undefined || right === undefined || bottom === undefined) return undefined
  return { left: integer(left), right: integer(right), top: integer(top), bottom: integer(bottom) }
}

function parseFit(segment: string): Fit | undefined {
  const match = /^(adaptive-)?(full-)?fit-in$/.exec(segment)
  return match ? { adaptive: match[1] !== undefined, full: match[2] !== undefined } : undefined
}

function parseSize(segment: string): Size | undefined {
  const match = /^(-)?(\d+|orig)?x(-)?(\d+|orig)?$/.exec(segment)
  if (!match) return undefined
  return {
    flipH: match[1] !== undefined,
    width: parseSide(match[2]),
    flipV: match[3] !== undefined,
    height: parseSide(match[4]),
  }
}

function parseSide(text = '0'): Side {
  return text === 'orig' ? 'orig' : integer(text)
}

/** Python's integers have no bound; more than 2^53 - 1 is taken as that, finite and far beyond any output limit. */
function integer(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER)
}

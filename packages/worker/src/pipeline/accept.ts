/** Splits outside double quotes; a quoted separator belongs to the text. */
function splitOutsideQuotes(text: string, separator: ',' | ';'): string[] {
  const parts: string[] = []
  let start = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (quoted && char === '\\') i++
    else if (char === '"') quoted = !quoted
    else if (char === separator && !quoted) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

/** A q-value as thumbor takes it: outside 0…1 or not a number counts as 0. */
function parseQuality(text: string): number {
  const value = /^\s*(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : Number.NaN
  return value >= 0 && value <= 1 ? value : 0
}

/**
 * Media ranges of an Accept header with their quality: types in lower case, the first parameter must be `q`
 * (otherwise the range is ignored), duplicates keep the highest (`thumbor/context.py`).
 */
export function parseAccept(header: string | undefined): ReadonlyMap<string, number> {
  const ranges = new Map<string, number>()
  if (!header) return ranges
  for (const range of splitOutsideQuotes(header, ',')) {
    const [rawType = '', first] = splitOutsideQuotes(range, ';')
    const type = rawType.trim().toLowerCase()
    if (type === '') continue
    let quality = 1
    if (first !== undefined) {
      const at = first.indexOf('=')
      if (at < 0 || first.slice(0, at).trim().toLowerCase() !== 'q') continue
      quality = parseQuality(first.slice(at + 1))
    }
    ranges.set(type, Math.max(quality, ranges.get(type) ?? 0))
  }
  return ranges
}

/**
 * The ranges that speak for a format, the first one there decides. Only for JPEG is "anything" taken at its word;
 * `image/jpg` is no registered type, but clients send it.
 */
const RANGES = {
  webp: ['image/webp', 'image/*'],
  avif: ['image/avif', 'image/*'],
  png: ['image/png', 'image/*'],
  jpeg: ['image/jpeg', 'image/jpg', 'image/*', '*/*'],
} as const

/** The formats a client can be asked about. */
export type AcceptedFormat = keyof typeof RANGES

/** Does a client that sent these ranges take this format (`thumbor/context.py`)? */
export function accepts(ranges: ReadonlyMap<string, number>, format: AcceptedFormat): boolean {
  const decisive = RANGES[format].find((range) => ranges.has(range))
  return decisive !== undefined && (ranges.get(decisive) as number) > 0
}

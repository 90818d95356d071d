import type { Field } from './fields.ts'

/** Characters `start` to `end` (exclusive) of a call. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Where an argument may begin: at one place for the first argument, behind any comma for the others. */
export type Origin = { readonly comma: false; readonly at: number } | { readonly comma: true }

/** Finds the extent of arguments in one text; every method takes linear time. */
export interface Scanner {
  readonly text: string
  /** The first place at or after `at` that holds no whitespace. */
  skipSpace(at: number): number
  /**
   * For every place where the field may begin (its comma included): its text, if that and what follows match. Whether
   * the field accepts the text of a string is left to the caller.
   * `rest` answers that for a place behind the argument's trailing whitespace.
   */
  spans(field: Field<unknown>, origin: Origin, rest: (at: number) => boolean): ReadonlyMap<number, Span>
}

/** Prepares one text, e.g. `blur(7,2)`. */
export function createScanner(text: string): Scanner {
  const space = spaceEnds(text)
  const skipSpace = (at: number) => space[at] ?? text.length
  return {
    text,
    skipSpace,
    spans: (field, origin, rest) => {
      const follows = (end: number) => rest(skipSpace(end))
      const extent = extentOf(field, text, follows)
      const found = new Map<number, Span>()
      for (const at of origin.comma ? commas(text) : [origin.at]) {
        const from = origin.comma ? at + 1 : at
        const span = extent(from, skipSpace(from))
        // A string is any text; asking the field about each of many long ones would not be linear.
        if (span && (field.extent === 'string' || field.parse(text.slice(span.start, span.end)) !== undefined))
          found.set(at, span)
      }
      return found
    },
  }
}

/** `from` is where the whitespace in front of the argument begins, `start` where it ends. */
type ExtentAt = (from: number, start: number) => Span | undefined

function extentOf(field: Field<unknown>, text: string, follows: (end: number) => boolean): ExtentAt {
  if (field.extent === 'string') return lazyString(text, follows)
  const endAt = field.extent === 'token' ? tokenEnd : bracketEnd
  return (_from, start) => {
    const end = endAt(text, start)
    return end > start && follows(end) ? { start, end } : undefined
  }
}

function tokenEnd(text: string, start: number): number {
  let end = start
  while (end < text.length && text[end] !== ',' && text[end] !== ')' && !isSpace(text.charCodeAt(end))) end++
  return end
}

/** Stops at a second `[`, so that a row of opening brackets is not read again from each of them. */
function bracketEnd(text: string, start: number): number {
  if (text[start] !== '[') return start
  let end = start + 1
  while (end < text.length && text[end] !== ']' && text[end] !== '[') end++
  return text[end] === ']' ? end + 1 : start
}

/**
 * thumbor's String: the shortest `'…'` after which the rest matches, else the shortest run without a comma. Both are
 * tabulated from right to left. Whitespace alone is a string too, its last character: `format( )` is `format(' ')`.
 */
function lazyString(text: string, follows: (end: number) => boolean): ExtentAt {
  const plain = new Int32Array(text.length + 1).fill(-1)
  // quoted[i]: where a string whose opening quote and first character lie before i ends.
  const quoted = new Int32Array(text.length + 1).fill(-1)
  for (let i = text.length - 1; i >= 0; i--) {
    const ends = follows(i + 1)
    if (text[i] !== ',') plain[i] = ends ? i + 1 : (plain[i + 1] as number)
    if (text[i] === "'" && ends) quoted[i] = i + 1
    else if (text[i] !== '\n') quoted[i] = quoted[i + 1] as number
  }
  return (from, start) => {
    const canQuote = text[start] === "'" && text[start + 1] !== '\n'
    const end = canQuote ? (quoted[start + 2] ?? -1) : -1
    if (end > 0) return { start, end }
    const bare = plain[start] ?? -1
    if (bare > 0) return { start, end: bare }
    return start > from && follows(start) ? { start: start - 1, end: start } : undefined
  }
}

function commas(text: string): readonly number[] {
  const found: number[] = []
  for (let at = text.indexOf(','); at >= 0; at = text.indexOf(',', at + 1)) found.push(at)
  return found
}

/** For every place, the first place at or after it that holds no whitespace. */
function spaceEnds(text: string): Int32Array {
  const ends = new Int32Array(text.length + 1).fill(text.length)
  for (let i = text.length - 1; i >= 0; i--) ends[i] = isSpace(text.charCodeAt(i)) ? (ends[i + 1] as number) : i
  return ends
}

/** Python's `\s`: JavaScript's, with the separators 1C to 1F and 85, without the byte order mark. */
function isSpace(code: number): boolean {
  if (code < 0x80) return code === 0x20 || (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x1f)
  return code === 0x85 || (code !== 0xfeff && /\s/.test(String.fromCharCode(code)))
}

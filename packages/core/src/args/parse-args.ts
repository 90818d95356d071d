import type { Field, Values } from './fields.ts'
import { describeMismatch } from './mismatch.ts'
import { createScanner, type Scanner, type Span } from './scanner.ts'

/** Longer calls are refused unread; no URL that reaches a worker is this long. Characters. */
const MAX_CALL_LENGTH = 16_384

export type ParsedArgs<V> = { readonly ok: true; readonly values: V } | { readonly ok: false; readonly message: string }

/**
 * Types the arguments of one call, e.g. `blur(7,2)`, as thumbor's regular expressions do
 * (`thumbor/filters/__init__.py` compile_regex): anchored at the start only, so that text after the first complete
 * match is ignored; whitespace around arguments; strings end at the first place where the rest matches.
 * Takes linear time. The message is one sentence that begins with the filter's name.
 */
export function parseFilterArgs<const F extends readonly Field<unknown>[]>(
  filterName: string,
  text: string,
  fields: F,
): ParsedArgs<Values<F>> {
  if (text.length > MAX_CALL_LENGTH)
    return { ok: false, message: `${filterName}: is longer than ${MAX_CALL_LENGTH} characters` }
  const head = `${filterName}(`
  const spans = text.startsWith(head) ? match(createScanner(text), head.length, fields) : undefined
  if (!spans) return { ok: false, message: describeMismatch(filterName, text, fields) }
  const values: unknown[] = []
  for (const [i, field] of fields.entries()) {
    const span = spans[i]
    const value = span ? field.parse(text.slice(span.start, span.end)) : field.default
    if (span && value === undefined) return { ok: false, message: describeMismatch(filterName, text, fields) }
    values.push(value)
  }
  // Each value is what its field's parse or default gave.
  return { ok: true, values: values as Values<F> }
}

/** Where a field may begin, and whether it and all that follows match from there. */
interface Column {
  readonly spans: ReadonlyMap<number, Span>
  readonly matches: (at: number) => boolean
}

/**
 * From the last field to the first, so that "does the rest match from here" is known when a lazy string asks;
 * then forward along the first choices. A regular expression would find out by backtracking.
 */
function match(
  scanner: Scanner,
  open: number,
  fields: readonly Field<unknown>[],
): readonly (Span | undefined)[] | undefined {
  let rest = (at: number) => scanner.text[at] === ')'
  const columns: Column[] = []
  for (let i = fields.length - 1; i >= 0; i--) {
    const field = fields[i] as Field<unknown>
    const spans = scanner.spans(field, i === 0 ? { at: open, comma: false } : { comma: true }, rest)
    const after = rest
    const matches = (at: number) => spans.has(at) || (field.optional && after(at))
    columns.unshift({ spans, matches })
    rest = matches
  }
  return rest(open) ? walk(columns, scanner, open) : undefined
}

function walk(columns: readonly Column[], scanner: Scanner, open: number): readonly (Span | undefined)[] {
  let at = open
  return columns.map(({ spans }) => {
    const span = spans.get(at)
    if (span) at = scanner.skipSpace(span.end)
    return span
  })
}

/**
 * How far an argument reaches inside a call. `token`: up to whitespace, a comma or `)`. `string`: thumbor's lazy
 * string, `'…'` or anything without a comma. `brackets`: from `[` to the next `]`, commas and parentheses included.
 */
export type Extent = 'token' | 'string' | 'brackets'

/** One typed argument of a filter: what it accepts, and the words for documents and mistakes. */
export interface Field<T> {
  readonly name: string
  /** Completes "expected …": `an integer from -100 to 100`. */
  readonly expected: string
  readonly doc: string
  readonly unit?: string
  /** May be left out; then `default`, or undefined. */
  readonly optional: boolean
  readonly default?: T
  readonly extent: Extent
  /** The value of the text without surrounding whitespace; undefined when it is not acceptable. */
  parse(text: string): T | undefined
}

/** The values of a list of fields, as a tuple: an optional field without default may be undefined. */
export type Values<F extends readonly Field<unknown>[]> = {
  -readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never
}

export interface FieldOptions<T> {
  readonly doc?: string
  readonly unit?: string
  readonly optional?: boolean
  /** Taken when the argument is left out; makes the field optional. */
  readonly default?: T
}

/** Limits are ours: thumbor's numbers have none, and without them any number of the kind is accepted. */
export interface NumberOptions extends FieldOptions<number> {
  readonly min?: number
  readonly max?: number
}

export interface TextOptions extends FieldOptions<string> {
  /** Completes "expected …" when `accept` narrows the text. */
  readonly expected?: string
  readonly accept?: (text: string) => boolean
}

export interface CustomOptions<T> extends FieldOptions<T> {
  readonly expected: string
  /** Undefined when the text is not acceptable. Must take linear time. */
  readonly parse: (text: string) => T | undefined
}

/** What a field yields: T, and undefined as well when it may be left out without a default. */
export type Yields<T, O> = O extends { readonly default: T }
  ? T
  : O extends { readonly optional: true }
    ? T | undefined
    : T

interface Reading<T> {
  readonly extent: Extent
  readonly expected: string
  readonly parse: (text: string) => T | undefined
}

function field<T, O extends FieldOptions<T>>(name: string, options: O, reading: Reading<T>): Field<Yields<T, O>> {
  const built: Field<T> = {
    name,
    doc: options.doc ?? '',
    ...(options.unit === undefined ? {} : { unit: options.unit }),
    ...(options.default === undefined ? {} : { default: options.default }),
    optional: options.optional === true || options.default !== undefined,
    ...reading,
  }
  // The conditional type says what `optional` and `default` say at run time; the compiler cannot relate the two.
  return built as unknown as Field<Yields<T, O>>
}

/** Finite whatever the number of digits: the nearest safe integer, and never -0. */
function bounded(value: number): number {
  return Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER) + 0
}

function range(what: string, { min, max }: NumberOptions): string {
  if (min !== undefined && max !== undefined) return `${what} from ${min} to ${max}`
  if (min !== undefined) return `${what} of at least ${min}`
  return max === undefined ? what : `${what} of at most ${max}`
}

function number(what: string, pattern: RegExp, options: NumberOptions): Reading<number> {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = options
  return {
    extent: 'token',
    expected: range(what, options),
    parse: (text) => {
      if (!pattern.test(text)) return undefined
      const value = bounded(Number(text))
      return value >= min && value <= max ? value : undefined
    },
  }
}

/** `-?digits` (`thumbor/filters/__init__.py` Number); more than 2^53 is taken as 2^53 - 1. */
export function int<const O extends NumberOptions = NumberOptions>(name: string, options?: O) {
  const given: NumberOptions = options ?? {}
  return field<number, O>(name, given as O, number('an integer', /^-?\d+$/, given))
}

/** Digits without a sign (PositiveNumber, which includes 0). */
export function uint<const O extends NumberOptions = NumberOptions>(name: string, options?: O) {
  const given: NumberOptions = { min: 0, ...options }
  return field<number, O>(name, given as O, number('an integer', /^\d+$/, given))
}

/** Digits, not all of them 0 (PositiveNonZeroNumber). */
export function positiveUint<const O extends NumberOptions = NumberOptions>(name: string, options?: O) {
  const given: NumberOptions = { min: 1, ...options }
  return field<number, O>(name, given as O, number('an integer', /^\d+$/, given))
}

/** `-?` then digits, digits with a point, or a point with digits; no exponent (DecimalNumber). */
export function decimal<const O extends NumberOptions = NumberOptions>(name: string, options?: O) {
  const given: NumberOptions = options ?? {}
  return field<number, O>(name, given as O, number('a number', /^-?(?:\d+(?:\.\d*)?|\.\d+)$/, given))
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['True', true],
  ['1', true],
  ['false', false],
  ['False', false],
  ['0', false],
])

/** Exactly `true True 1` or `false False 0` (Boolean). */
export function bool<const O extends FieldOptions<boolean> = FieldOptions<boolean>>(name: string, options?: O) {
  return field<boolean, O>(name, (options ?? {}) as O, {
    extent: 'token',
    expected: 'true or false',
    parse: (text) => BOOLEANS.get(text),
  })
}

/** Letters and digits of any script, and `_`: Python's `\w+`. */
export function word<const O extends TextOptions = TextOptions>(name: string, options?: O) {
  const { expected = 'a word of letters, digits and _', accept = () => true }: TextOptions = options ?? {}
  return field<string, O>(name, (options ?? {}) as O, {
    extent: 'token',
    expected,
    parse: (text) => (/^[\p{L}\p{N}_]+$/u.test(text) && accept(text) ? text : undefined),
  })
}

/** Any text without a comma, or any text in single quotes, which are taken off (String). */
export function string<const O extends TextOptions = TextOptions>(name: string, options?: O) {
  const { expected = 'text', accept = () => true }: TextOptions = options ?? {}
  return field<string, O>(name, (options ?? {}) as O, {
    extent: 'string',
    expected,
    parse: (text) => {
      const bare = text.replace(/^'([^\n]+)'$/, '$1')
      return bare !== '' && accept(bare) ? bare : undefined
    },
  })
}

/** An argument of the filter's own grammar, without whitespace, commas and parentheses: `20|30`, `4p`. */
export function token<T, const O extends CustomOptions<T> = CustomOptions<T>>(
  name: string,
  options: O & CustomOptions<T>,
) {
  const { expected, parse } = options
  return field<T, O>(name, options, { extent: 'token', expected, parse })
}

/** An argument in square brackets, given to `parse` with them: `[(0,0),(255,255)]`. No `[` inside. */
export function brackets<T, const O extends CustomOptions<T> = CustomOptions<T>>(
  name: string,
  options: O & CustomOptions<T>,
) {
  const { expected, parse } = options
  return field<T, O>(name, options, { extent: 'brackets', expected, parse })
}

/** One of a few spellings, case-sensitive. */
export function oneOf<
  const V extends readonly string[],
  const O extends FieldOptions<V[number]> = FieldOptions<V[number]>,
>(name: string, values: V, options?: O) {
  return field<V[number], O>(name, (options ?? {}) as O, {
    extent: 'token',
    expected: `one of ${values.join(', ')}`,
    parse: (text) => values.find((value) => value === text),
  })
}

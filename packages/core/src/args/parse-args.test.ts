import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { THUMBOR_SIGNATURES } from '../../test/thumbor-signatures.ts'
import { splitFilterCalls } from '../url/filter-calls.ts'
import { bool, decimal, type Field, int, oneOf, positiveUint, string, token, uint, word } from './fields.ts'
import { parseFilterArgs } from './parse-args.ts'

interface Outcome {
  readonly name: string
  readonly status: 'ok' | 'unknown-ignored' | 'invalid-args-ignored'
  readonly params?: readonly unknown[]
  readonly text?: string
}

const vectors: {
  readonly meta: { readonly registry: readonly { readonly name: string; readonly args: readonly string[] }[] }
  readonly vectors: readonly {
    readonly filters: string
    readonly expected: readonly (Outcome & { phase?: string })[]
  }[]
  readonly typed_args: readonly { readonly type: string; readonly text: string; readonly expected: unknown }[]
  readonly two_string_args: readonly { readonly text: string; readonly expected: unknown }[]
} = JSON.parse(readFileSync(new URL('../../test/vectors/thumbor/filters-args.json', import.meta.url), 'utf8'))

function matching(pattern: RegExp) {
  return (text: string) => (pattern.test(text) ? text : undefined)
}

const TYPES: Readonly<Record<string, Field<unknown>>> = {
  Number: int('n'),
  PositiveNumber: uint('n'),
  PositiveNonZeroNumber: positiveUint('n'),
  NegativeNumber: token('n', {
    expected: 'a negative integer',
    parse: (text) => (/^-\d+$/.test(text) ? Number(text) + 0 : undefined),
  }),
  DecimalNumber: decimal('n'),
  Boolean: bool('b'),
  String: string('s'),
  'custom regex \\dx\\d': token('t', { expected: 'NxN', parse: matching(/^\dx\d$/) }),
}

function given(name: string, text: string, fields: readonly Field<unknown>[]): readonly unknown[] | null {
  const parsed = parseFilterArgs(name, text, fields)
  return parsed.ok ? parsed.values.filter((value) => value !== undefined) : null
}

describe('thumbor vectors', () => {
  test(`filters-args.json: the registry of ${vectors.meta.registry.length} filters is declared`, () => {
    expect(Object.keys(THUMBOR_SIGNATURES).sort()).toEqual(vectors.meta.registry.map(({ name }) => name).sort())
    for (const { name, args } of vectors.meta.registry) {
      const fields = THUMBOR_SIGNATURES[name] ?? []
      const optional = args.map((arg) => arg.includes('?'))
      expect(fields.map((field) => field.optional)).toEqual(optional)
    }
  })

  test(`filters-args.json: ${vectors.vectors.length} filter strings split and match as in thumbor`, () => {
    for (const { filters, expected } of vectors.vectors) {
      const outcomes = splitFilterCalls(filters).map(({ name, text }): Outcome => {
        const fields = THUMBOR_SIGNATURES[name]
        if (!fields) return { name, status: 'unknown-ignored' }
        const params = given(name, text, fields)
        return params ? { name, status: 'ok', params } : { name, status: 'invalid-args-ignored', text }
      })
      expect(outcomes, filters).toEqual(expected.map(({ phase, ...outcome }) => outcome))
    }
  })

  test(`filters-args.json: ${vectors.typed_args.length} typed arguments`, () => {
    for (const { type, text, expected } of vectors.typed_args) {
      const field = TYPES[type]
      expect(field, type).toBeDefined()
      const params = given('my_filter', `my_filter(${text})`, field ? [field] : [])
      expect(params?.[0] ?? null, `${type} ${JSON.stringify(text)}`).toEqual(expected)
    }
  })

  test(`filters-args.json: ${vectors.two_string_args.length} pairs of strings`, () => {
    for (const { text, expected } of vectors.two_string_args)
      expect(given('my_string_filter', text, [string('one'), string('two')]), text).toEqual(expected)
  })
})

describe('against a regular expression built as thumbor builds it', () => {
  const KINDS = {
    int: { pattern: '[-]?\\d+', make: int },
    positive: { pattern: '\\d*[1-9]\\d*', make: positiveUint },
    decimal: { pattern: '[-]?(?:\\d+\\.?\\d*|\\d*\\.?\\d+)', make: decimal },
    bool: { pattern: '[Tt]rue|[Ff]alse|1|0', make: bool },
    word: { pattern: '\\w+', make: word },
    string: { pattern: "(?:'[^\\n]+?')|(?:[^,]+?)", make: string },
  } as const
  const kind = fc.constantFrom<keyof typeof KINDS>('int', 'positive', 'decimal', 'bool', 'word', 'string', 'string')
  const body = fc.string({
    unit: fc.constantFrom("'", "'", ',', ',', '(', ')', ' ', 'a', '1', '0', '-', '.', '\n', 'true'),
    maxLength: 14,
  })

  test('every text is matched and cut alike', () => {
    let matched = 0
    fc.assert(
      fc.property(fc.array(fc.tuple(kind, fc.boolean()), { maxLength: 3 }), body, (types, inner) => {
        const source = types.map(([type, optional], i) => {
          return `(?:${i === 0 ? '' : ','}\\s*(${KINDS[type].pattern})\\s*)${optional ? '?' : ''}`
        })
        const text = `f(${inner})`
        const oracle = new RegExp(`^f\\(${source.join('')}\\)`).exec(text)
        const fields = types.map(([type, optional], i) => KINDS[type].make(`a${i}`, { optional }))
        const parsed = parseFilterArgs('f', text, fields)
        expect(parsed.ok).toBe(oracle !== null)
        if (!oracle || !parsed.ok) return
        matched++
        const cut = oracle.slice(1).map((group, i) => (group === undefined ? undefined : fields[i]?.parse(group)))
        expect(parsed.values).toEqual(cut)
      }),
      { numRuns: 4000 },
    )
    expect(matched).toBeGreaterThan(200)
  })
})

describe('messages', () => {
  const amount = int('amount', { min: -100, max: 100, unit: '%', doc: 'Positive is brighter.' })
  const message = (name: string, text: string, fields: readonly Field<unknown>[]) => {
    const parsed = parseFilterArgs(name, text, fields)
    return parsed.ok ? undefined : parsed.message
  }

  test('say which argument is wrong, what it must be and what came', () => {
    expect(message('brightness', 'brightness(140)', [amount])).toBe(
      'brightness: amount must be an integer from -100 to 100, got "140"',
    )
    expect(message('brightness', 'brightness()', [amount])).toBe(
      'brightness: amount is missing (expected an integer from -100 to 100)',
    )
    expect(message('mode', 'mode(c)', [oneOf('m', ['a', 'b'])])).toBe('mode: m must be one of a, b, got "c"')
    expect(message('invert', 'invert(1)', [])).toBe('invert: takes at most 0 arguments, got 1')
    expect(message('blur', 'blur(7,)', [positiveUint('radius'), decimal('sigma', { default: 0 })])).toBe(
      'blur: sigma must be a number, got ""',
    )
    expect(message('colorize', 'colorize(10', [uint('red')])).toBe(
      'colorize: expected colorize(red), got "colorize(10"',
    )
    expect(message('curve', "curve('a,b',[1,2],x,9)", [string('a'), string('b'), uint('c', { optional: true })])).toBe(
      'curve: c must be an integer of at least 0, got "x"',
    )
  })

  test('name a text that the field of a string declines', () => {
    const colour = string('colour', {
      expected: 'six hexadecimal digits',
      accept: (text) => /^[\da-f]{6}$/i.test(text),
    })
    expect(message('colorize', 'colorize(red)', [colour])).toBe(
      'colorize: colour must be six hexadecimal digits, got "red"',
    )
    expect(given('colorize', 'colorize( 00Ff00 )', [colour])).toEqual(['00Ff00'])
  })

  test('cut what was sent, and stay on one line', () => {
    const text = message('brightness', `brightness(\n${'9'.repeat(5000)}x)`, [amount])
    expect(text?.length).toBeLessThan(200)
    expect(text).not.toContain('\n')
  })
})

describe('values', () => {
  test('a left out argument is its default, or undefined', () => {
    const fields = [uint('amount'), uint('seed', { default: 5 }), bool('flag', { optional: true })]
    expect(parseFilterArgs('noise', 'noise(1)', fields)).toEqual({ ok: true, values: [1, 5, undefined] })
    expect(parseFilterArgs('noise', 'noise(1,true)', fields)).toEqual({ ok: true, values: [1, 5, true] })
  })

  test('numbers of any length stay finite', () => {
    const digits = '9'.repeat(400)
    expect(given('quality', `quality(${digits})`, [uint('q')])).toEqual([Number.MAX_SAFE_INTEGER])
    expect(given('rotate', `rotate(-${digits})`, [int('r')])).toEqual([Number.MIN_SAFE_INTEGER])
    expect(given('proportion', `proportion(${digits}.5)`, [decimal('p')])).toEqual([Number.MAX_SAFE_INTEGER])
    expect(Object.is(given('rotate', 'rotate(-0)', [int('r')])?.[0], 0)).toBe(true)
  })

  test('words may be of any script, and digits are ASCII', () => {
    expect(given('fill', 'fill(färbe_テスト)', [word('colour')])).toEqual(['färbe_テスト'])
    expect(given('quality', 'quality(٣)', [uint('q')])).toBeNull()
  })
})

describe('hostile calls', () => {
  const strings = [string('a'), string('b'), string('c'), string('d')]
  // Each makes a backtracking matcher take at least quadratic time: billions of steps at this length.
  const bodies = {
    'quotes and commas': "',".repeat(8000),
    'opening brackets': '[,'.repeat(8000),
    'closing parentheses': ')'.repeat(16_000),
    whitespace: ' '.repeat(16_000),
    'digits and points': `${'1'.repeat(16_000)}x`,
    'a quote in every place': "'".repeat(16_000),
  }
  for (const [what, body] of Object.entries(bodies)) {
    test(`${what}: the fields are asked about a number of characters in proportion to the length`, () => {
      let asked = 0
      const fields = [...strings, ...(THUMBOR_SIGNATURES.curve ?? [])].map((field) => ({
        ...field,
        parse: (text: string) => {
          asked += text.length
          return field.parse(text)
        },
      }))
      for (let count = 0; count <= fields.length; count++) parseFilterArgs('f', `f(${body}`, fields.slice(0, count))
      expect(asked).toBeLessThan(50 * body.length)
    })
  }

  test('a call longer than any URL is refused unread', () => {
    expect(given('quality', `quality(${'1'.repeat(20_000)})`, [uint('q')])).toBeNull()
  })
})

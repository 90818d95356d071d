import { describe, expect, test } from 'vitest'
import { ImgsvcError } from '../errors.ts'
import { parseConfigText, parseYamlValue } from './parse-yaml.ts'

function mistakesIn(text: string): readonly string[] {
  try {
    parseConfigText(text, 'imgsvc.yaml')
  } catch (error) {
    if (error instanceof ImgsvcError && error.code === 'CONFIG_INVALID') return (error.detail ?? '').split('\n')
    throw error
  }
  throw new Error('nothing was thrown')
}

test('an empty file, or one with nothing but comments, is an empty configuration', () => {
  for (const text of ['', '\n\n', '# nothing\n', '---\n', '~\n']) expect(parseConfigText(text, 'f').value).toEqual({})
})

test('places of keys and values are known, through lists and aliases', () => {
  const file = parseConfigText('a: 1\nb:\n  - c: x\n    d: &one { e: 2 }\nf: *one\n', 'f')
  expect(file.positionOf(['a'], 'key')).toEqual({ line: 1, column: 1 })
  expect(file.positionOf(['a'], 'value')).toEqual({ line: 1, column: 4 })
  expect(file.positionOf(['b', '0', 'c'], 'value')).toEqual({ line: 3, column: 8 })
  expect(file.positionOf(['b', '0'], 'key')).toEqual({ line: 3, column: 5 })
  expect(file.positionOf(['f', 'e'], 'value')).toEqual({ line: 4, column: 18 })
  for (const path of [['x'], ['a', 'b'], ['b', '7'], ['b', 'length'], ['f', 'x']]) {
    expect(file.positionOf(path, 'value'), path.join('.')).toBeUndefined()
  }
})

describe('mistakes of YAML are told with their place', () => {
  test.each([
    ['listen: 80\n\tx: 1\n', 'imgsvc.yaml:2:1: tabs cannot indent YAML; use spaces'],
    ['a: b: c\n', 'imgsvc.yaml:1:4: a second ": " in one line; put the value in quotes or on lines of its own'],
    ['a: 1\n---\nb: 2\n', 'imgsvc.yaml:2:1: a second document begins here (---); only one is allowed'],
    ['a: "x\n', 'imgsvc.yaml:2:1: YAML: Missing closing "quote'],
    ['a: *nope\n', 'imgsvc.yaml:1:4: no anchor of this name; text that begins with * needs quotes'],
    ['- a\n- b\n', 'imgsvc.yaml:1:1: expected settings such as "listen: 0.0.0.0:8080", got a list'],
    ['just text\n', 'imgsvc.yaml:1:1: expected settings such as "listen: 0.0.0.0:8080", got a single value'],
    ['a: &x [*x]\n', 'imgsvc.yaml:1:1: an alias (*name) stands inside the value it names'],
  ])('%j', (text, message) => {
    expect(mistakesIn(text)[0]).toBe(message)
  })

  test('several lines give several mistakes, in their order', () => {
    expect(mistakesIn('a: b: c\nd: *x\ne: f: g\n').map((line) => line.split(': ')[0])).toEqual([
      'imgsvc.yaml:1:4',
      'imgsvc.yaml:2:4',
      'imgsvc.yaml:3:4',
    ])
  })

  test('duplicate keys and unknown tags do not hide the mistakes of the schema', () => {
    const { mistakes, value } = parseConfigText('a: 1\na: 2\nb: !secret x\n', 'f')
    expect(mistakes.map(({ where, message }) => `${where}: ${message}`)).toEqual([
      'f:3:4: this tag is unknown; text that begins with ! needs quotes',
      'f:2:1: this key is there twice',
    ])
    expect(value).toEqual({ a: 2, b: 'x' })
  })
})

describe('hostile text ends in a mistake, not in a crash', () => {
  test.each(['[', '{a: ', '- ', '? '])('deep nesting of %j', (opening) => {
    expect(mistakesIn(`a:\n ${opening.repeat(20_000)}`)).toEqual(['imgsvc.yaml:1:1: nested more than 64 levels deep'])
    expect(() => parseYamlValue(opening.repeat(20_000))).toThrow('nested more than 64 levels deep')
  })

  test('aliases that stand for a billion values', () => {
    let text = 'a: &a [x, x, x, x, x, x, x, x, x]\n'
    for (const [last, key] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi']) {
      text += `${key}: &${key} [${Array(9).fill(`*${last}`).join(', ')}]\n`
    }
    expect(mistakesIn(text)).toEqual(['imgsvc.yaml:1:1: the aliases (*name) stand for more than 100 values'])
  })

  test('aliases that nest what may not be written nested', () => {
    const nested = (inner: string) => `${'['.repeat(50)}${inner}${']'.repeat(50)}`
    expect(mistakesIn(`a: &a ${nested('x')}\nb: ${nested('*a')}\n`)).toEqual([
      'imgsvc.yaml:1:1: with its aliases (*name) nested more than 64 levels deep',
    ])
  })

  test('tens of thousands of entries and keys', () => {
    const text = `a: [${Array(50_000).fill('1').join(', ')}]\n${Array.from({ length: 30_000 }, (_, i) => `k${i}: 1\n`).join('')}`
    const file = parseConfigText(text, 'imgsvc.yaml')
    expect(Object.keys(file.value)).toHaveLength(30_001)
    for (const key of Object.keys(file.value)) file.positionOf([key], 'value')
    expect(file.positionOf(['k29999'], 'value')).toEqual({ line: 30_001, column: 9 })
  })

  test('more aliases than anyone writes', () => {
    const text = `a: &a x\nb: [${Array(50_000).fill('*a').join(', ')}]\n`
    expect(mistakesIn(text)).toEqual(['imgsvc.yaml:1:1: the aliases (*name) stand for more than 100 values'])
  })

  test('keys of prototypes are keys like any other', () => {
    const { value } = parseConfigText('__proto__: { polluted: 1 }\nconstructor: 2\n', 'f')
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  test('keys that are no texts', () => {
    const { value } = parseConfigText('? [a]\n: 1\n2: x\n~: y\n', 'f')
    expect(Object.keys(value)).toHaveLength(3)
  })
})

test('values of flags are YAML without anchors', () => {
  expect(parseYamlValue('[{type: file, root: ./x}]')).toEqual([{ type: 'file', root: './x' }])
  expect(parseYamlValue('4')).toBe(4)
  expect(parseYamlValue('')).toBeNull()
  expect(() => parseYamlValue('[')).toThrow('YAML: Flow sequence')
  expect(() => parseYamlValue('[&a x, *a]')).toThrow('aliases (*name) are not allowed here')
})

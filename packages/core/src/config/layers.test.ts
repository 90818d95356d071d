import { expect, test } from 'vitest'
import { createLayers, type Source } from './layers.ts'

const flag = (name: string): Source => ({ by: 'flag', flag: name })
const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown

test('sections are merged, lists and values are replaced, and each value keeps its writer', () => {
  const layers = createLayers()
  layers.merge({ a: { x: 1, y: [1, 2, 3] }, b: 1 }, () => flag('one'))
  layers.merge({ a: { y: [4], z: 2 } }, () => flag('two'))
  expect(plain(layers.value)).toEqual({ a: { x: 1, y: [4], z: 2 }, b: 1 })
  expect(layers.writerOf('a.x')).toEqual(flag('one'))
  expect(layers.writerOf('a.y.0')).toEqual(flag('two'))
  expect(layers.writerOf('a.y.2')).toBeUndefined()
  expect(layers.sourceOf(['a', 'y', '2'])).toEqual(flag('two'))
  expect(layers.sourceOf(['nothing'])).toBeUndefined()
})

test('what is laid over does not change with the tree it came from', () => {
  const layers = createLayers()
  const tree = { a: { list: [{ x: 1 }] } }
  layers.merge(tree, () => flag('one'))
  layers.set(['a', 'list', '0', 'x'], 2, flag('two'))
  expect(tree.a.list).toEqual([{ x: 1 }])
  expect(plain(layers.value)).toEqual({ a: { list: [{ x: 2 }] } })
})

test('a path may add the next entry of a list, and no later one', () => {
  const layers = createLayers()
  expect(layers.set(['list', '0', 'x'], 1, flag('one'))).toBe(true)
  expect(layers.set(['list', '1'], 2, flag('two'))).toBe(true)
  expect(layers.set(['list', '7'], 3, flag('three'))).toBe(false)
  expect(layers.set(['list', 'x'], 3, flag('three'))).toBe(false)
  expect(plain(layers.value)).toEqual({ list: [{ x: 1 }, 2] })
})

test('another type drops the settings of the old one, the same type keeps them', () => {
  const layers = createLayers()
  layers.merge({ s: { type: 'file', root: 'r' } }, () => flag('one'))
  layers.set(['s', 'type'], 'file', flag('two'))
  expect(plain(layers.value)).toEqual({ s: { type: 'file', root: 'r' } })
  layers.set(['s', 'type'], 'none', flag('two'))
  expect(plain(layers.value)).toEqual({ s: { type: 'none' } })
  expect(layers.writerOf('s.root')).toBeUndefined()
})

test('no key reaches a prototype', () => {
  const layers = createLayers()
  layers.merge(JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}'), () =>
    flag('one'),
  )
  layers.set(['__proto__', 'polluted'], 2, flag('two'))
  layers.set(['a', '__proto__', 'polluted'], 2, flag('two'))
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  expect(Object.keys(layers.value)).toEqual(['__proto__', 'constructor', 'a'])
})

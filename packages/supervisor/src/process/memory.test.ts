import { expect, test } from 'vitest'
import { growthPerMs, memoryVerdict } from './memory.ts'

const MB = 1024 ** 2
const CAP = 400 * MB
const each = (...megabytes: readonly number[]) => megabytes.map((mb, n) => ({ at: n * 1000, rss: mb * MB }))

test('without a cap, without figures and far below it there is nothing to say', () => {
  expect(memoryVerdict(each(1000), 0)).toBeUndefined()
  expect(memoryVerdict([], CAP)).toBeUndefined()
  expect(memoryVerdict(each(100, 150, 200, 230), CAP)).toBeUndefined()
})

test('near the cap it is replaced, however slowly it grows', () => {
  expect(memoryVerdict(each(360), CAP)).toBe('near')
  expect(memoryVerdict(each(350, 350, 350, 350), CAP)).toBeUndefined()
})

test('a leak is found before the cap, by its slope', () => {
  expect(memoryVerdict(each(100, 150, 200, 250), CAP)).toBe('near')
  expect(growthPerMs(each(100, 150, 200, 250)) * 1000).toBeCloseTo(50 * MB)
})

test('a jump, a saw-tooth and a short rise are no leak', () => {
  expect(memoryVerdict(each(200, 200, 200, 300), CAP)).toBeUndefined()
  expect(memoryVerdict(each(200, 300, 210, 310), CAP)).toBeUndefined()
  expect(memoryVerdict(each(150, 250), CAP)).toBeUndefined()
})

test('far over the cap there is no time for a replacement', () => {
  expect(memoryVerdict(each(500), CAP)).toBe('over')
})

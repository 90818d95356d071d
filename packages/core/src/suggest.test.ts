import fc from 'fast-check'
import { expect, test } from 'vitest'
import { editDistance, suggest } from './suggest.ts'

test('the nearest candidate is suggested, whatever its case', () => {
  expect(suggest('cuont', ['count', 'queue'])).toBe('count')
  expect(suggest('WORKERS_CONT', ['WORKERS_COUNT', 'WORKERS_QUEUE'])).toBe('WORKERS_COUNT')
  expect(suggest('maxbody', ['maxBody'])).toBe('maxBody')
})

test('a name that is near to nothing has no suggestion', () => {
  expect(suggest('nonsense', ['count', 'queue'])).toBeUndefined()
  expect(suggest('x'.repeat(1_000_000), ['x'.repeat(20)])).toBeUndefined()
  expect(suggest('', ['count'])).toBeUndefined()
})

test('distances count inserted, deleted, replaced and swapped letters', () => {
  expect(editDistance('abc', 'abc')).toBe(0)
  expect(editDistance('abc', 'acb')).toBe(1)
  expect(editDistance('kitten', 'sitting')).toBe(3)
  expect(editDistance('', 'four')).toBe(4)
})

test('the distance is the same both ways and zero only for equal texts', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a))
      expect(editDistance(a, b) === 0).toBe(a === b)
    }),
  )
})

import { expect, test } from 'vitest'
import { createLibcRandom } from './libc-random.ts'

const first = (seed: number, count: number) => {
  const random = createLibcRandom(seed)
  return Array.from({ length: count }, random)
}

test('gives the numbers of the C library', () => {
  // What a C program prints that calls random() without srandom(), on Linux.
  expect(first(1, 3)).toEqual([1804289383, 846930886, 1681692777])
  expect(first(0, 3)).toEqual(first(1, 3))
})

test('takes the lowest 32 bits of a seed, as srandom() does', () => {
  expect(first(2 ** 32 + 5, 40)).toEqual(first(5, 40))
  expect(first(2 ** 32, 40)).toEqual(first(0, 40))
  expect(first(2 ** 31 + 1, 40)).not.toEqual(first(1, 40))
  for (const seed of [2 ** 31, 2 ** 32 - 1, Number.MAX_SAFE_INTEGER]) {
    for (const number of first(seed, 400)) expect(number >= 0 && number < 2 ** 31).toBe(true)
  }
})

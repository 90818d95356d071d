import fc from 'fast-check'
import { expect, test } from 'vitest'
import { powerOfE } from './power-of-e.ts'

test('agrees with Math.exp but for the last bits, from 1 down to nothing', () => {
  expect([powerOfE(0), powerOfE(Number.POSITIVE_INFINITY)]).toEqual([1, 0])
  fc.assert(
    fc.property(fc.double({ min: 0, max: 700, noNaN: true }), (exponent) => {
      const expected = Math.exp(-exponent)
      // Math.E is below e by 5.3e-17 of it, which an exponent multiplies.
      expect(Math.abs(powerOfE(exponent) - expected)).toBeLessThanOrEqual(expected * 1e-14)
    }),
  )
})

test('is rounded correctly where the platform is not', () => {
  // glibc: pow(2.718281828459045, -x), as Python's `math.e ** -x`.
  expect(powerOfE(1)).toBe(0.36787944117144233)
  expect(powerOfE(0.5)).toBe(0.6065306597126334)
  expect(powerOfE(2)).toBe(0.1353352832366127)
})

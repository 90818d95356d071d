import { expect, test } from 'vitest'
import { createRateAllowance } from './rate-allowance.ts'

const limits = { maxBytes: 100_000, maxRate: 1_000_000, maxKept: 10_000_000 }

test('a second at once, then what the rate gives for the time, however often it is asked', () => {
  const allowance = createRateAllowance()
  let kept = 0
  for (let now = 0; now <= 10_000; now += 50) {
    const left = allowance.left(limits, now)
    allowance.spend(left)
    kept += left
  }
  expect(kept).toBe(11_000_000)
})

test('without time a few lines are left, and after a silence no more than a second', () => {
  const allowance = createRateAllowance()
  allowance.spend(allowance.left(limits, 1000))
  expect(allowance.left(limits, 1000)).toBe(16 * 1024)
  expect(allowance.left(limits, 100_000)).toBe(1_000_000)
})

test('two files at least, no more than may be kept at a time, and without a rate all of that', () => {
  const left = (change: Partial<typeof limits>) => createRateAllowance().left({ ...limits, ...change }, 0)
  expect(left({ maxRate: 1000 })).toBe(200_000)
  expect(left({ maxKept: 50_000 })).toBe(50_000)
  expect(left({ maxRate: 0 })).toBe(10_000_000)
})

test('a clock that is set back gives nothing', () => {
  const allowance = createRateAllowance()
  allowance.spend(allowance.left(limits, 5000))
  expect(allowance.left(limits, 1000)).toBe(16 * 1024)
})

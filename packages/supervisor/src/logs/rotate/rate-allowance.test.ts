import { expect, test } from 'vitest'
import { createRateAllowance, type RateAllowance, type RateLimits } from './rate-allowance.ts'

const limits = { maxBytes: 100_000, maxRate: 1_000_000, maxKept: 10_000_000 }

function leftAt(allowance: RateAllowance, now: number, of: RateLimits = limits): number {
  allowance.look(of, now)
  return allowance.left(of)
}

test('a second at once, then what the rate gives for the time, however often it is looked at', () => {
  const allowance = createRateAllowance()
  let kept = 0
  for (let now = 0; now <= 10_000; now += 50) {
    const left = leftAt(allowance, now)
    allowance.spend(left)
    kept += left
  }
  expect(kept).toBe(11_000_000)
})

test('without time a few lines are left, and a silence saves up no more than a second', () => {
  const allowance = createRateAllowance()
  allowance.spend(leftAt(allowance, 0))
  expect(leftAt(allowance, 0)).toBe(16 * 1024)
  for (let now = 0; now <= 100_000; now += 250) leftAt(allowance, now)
  expect(leftAt(allowance, 100_000)).toBe(1_000_000)
})

test('what has come while nobody looked may have come over all that time, once', () => {
  const allowance = createRateAllowance()
  leftAt(allowance, 0)
  expect(leftAt(allowance, 4000)).toBe(5_000_000)
  expect(leftAt(allowance, 4000)).toBe(1_000_000)
  expect(leftAt(allowance, 100_000)).toBe(10_000_000)
})

test('two files at least, no more than may be kept at a time, and without a rate all of that', () => {
  const left = (change: Partial<RateLimits>) => leftAt(createRateAllowance(), 0, { ...limits, ...change })
  expect(left({ maxRate: 1000 })).toBe(200_000)
  expect(left({ maxKept: 50_000 })).toBe(50_000)
  expect(left({ maxRate: 0 })).toBe(10_000_000)
})

test('a clock that is set back gives nothing', () => {
  const allowance = createRateAllowance()
  allowance.spend(leftAt(allowance, 5000))
  expect(leftAt(allowance, 1000)).toBe(16 * 1024)
})

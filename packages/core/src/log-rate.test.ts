import { expect, test } from 'vitest'
import { createLogRate } from './log-rate.ts'

function rate(maxRate: number) {
  const time = { now: 1000 }
  return { time, rate: createLogRate(maxRate, () => time.now) }
}
const times = (count: number, take: () => boolean) => Array.from({ length: count }, take).filter(Boolean).length

test('a second of the rate passes at once, the rest is counted, and time lets more pass', () => {
  const { time, rate: it } = rate(1000)
  expect(times(50, () => it.take(100))).toBe(10)
  expect(it.total()).toBe(40)
  expect(it.report()).toEqual({ lines: 40, bytes: 4000 })
  expect(it.report()).toBeUndefined()
  time.now += 250
  expect(times(50, () => it.take(100))).toBe(2)
  time.now += 60_000
  expect(times(50, () => it.take(100))).toBe(10)
})

test('a line longer than a second of the rate passes, and is paid for', () => {
  const { time, rate: it } = rate(1000)
  expect(it.take(5000)).toBe(true)
  time.now += 4000
  expect(it.take(1)).toBe(false)
  time.now += 1000
  expect(it.take(1)).toBe(true)
})

test('0 is no limit, and the limit can change while it is in force', () => {
  const { rate: it } = rate(0)
  expect(times(1000, () => it.take(1e9))).toBe(1000)
  it.setLimit(100)
  expect(times(10, () => it.take(50))).toBe(2)
  it.setLimit(0)
  expect(it.take(1e9)).toBe(true)
})

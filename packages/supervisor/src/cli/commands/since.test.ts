import { expect, test } from 'vitest'
import { moment } from './since.ts'

const now = new Date(2026, 10, 21, 15, 4, 5, 678).getTime()
const since = moment('since', () => now)
const local = (...parts: [number, number, number, number?, number?, number?]) =>
  new Date(parts[0], parts[1] - 1, parts[2], parts[3] ?? 0, parts[4] ?? 0, parts[5] ?? 0).getTime()

test('so long ago', () => {
  expect(since('90s')).toBe(now - 90_000)
  expect(since('10m')).toBe(now - 600_000)
  expect(since('1.5h')).toBe(now - 5_400_000)
  expect(since('2d')).toBe(now - 172_800_000)
  expect(since('999999999d')).toBe(0)
})

test('days and times are local, unless they name their zone', () => {
  expect(since('today')).toBe(local(2026, 11, 21))
  expect(since('yesterday')).toBe(local(2026, 11, 20))
  expect(since('03:15')).toBe(local(2026, 11, 21, 3, 15))
  expect(since('2026-11-20')).toBe(local(2026, 11, 20))
  expect(since('2026-11-21T03:00')).toBe(local(2026, 11, 21, 3))
  expect(since('2026-11-21 03:00:09')).toBe(local(2026, 11, 21, 3, 0, 9))
  expect(since('2026-11-21T03:00:09.5Z')).toBe(Date.UTC(2026, 10, 21, 3, 0, 9, 500))
  expect(since('2026-11-21T03:00+02:00')).toBe(Date.UTC(2026, 10, 21, 1))
})

test('anything else is a sentence', () => {
  for (const text of ['', '10', 'm', '25:00', '2026-13-01', '2026-11-21T3', 'now', '-5m']) {
    expect(() => since(text), text).toThrow(`since: expected 10m, 2h, today`)
  }
  expect(() => since(['1m', '2m'])).toThrow('since was given twice')
  expect(since(undefined)).toBeUndefined()
})

import { expect, test } from 'vitest'
import { elapsed, megabytes, seconds } from './format.ts'

test('elapsed time shows its two largest units', () => {
  expect([0, 59_999, 60_000, 3_599_000, 3_600_000, 86_399_000, 86_400_000, 360_000_000].map(elapsed)).toEqual([
    '0s',
    '59s',
    '1m 00s',
    '59m 59s',
    '1h 00m',
    '23h 59m',
    '1d 00h',
    '4d 04h',
  ])
})

test('a clock that was set back does not show negative time', () => {
  expect(elapsed(-5000)).toBe('0s')
})

test('durations and memory', () => {
  expect([seconds(812), seconds(2000), megabytes(66_060_288)]).toEqual(['0.8 s', '2 s', '63 MB'])
})

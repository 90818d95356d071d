import { expect, test } from 'vitest'
import { isNewPeriod } from './period.ts'

const [HOUR, DAY] = [3_600_000, 86_400_000]
const local = (text: string) => new Date(text).getTime()

test('a day ends at local midnight, an hour on the hour', () => {
  expect(isNewPeriod(local('2026-11-20T23:59:59'), local('2026-11-21T00:00:00'), DAY)).toBe(true)
  expect(isNewPeriod(local('2026-11-21T00:00:00'), local('2026-11-21T23:59:59'), DAY)).toBe(false)
  expect(isNewPeriod(local('2026-11-21T02:59:59'), local('2026-11-21T03:00:00'), HOUR)).toBe(true)
  expect(isNewPeriod(local('2026-11-21T03:00:00'), local('2026-11-21T03:59:59'), HOUR)).toBe(false)
})

test('0 is never, and a clock that was set back begins no period', () => {
  expect(isNewPeriod(0, Date.now(), 0)).toBe(false)
  expect(isNewPeriod(local('2026-11-21T00:00:00'), local('2026-11-19T00:00:00'), DAY)).toBe(false)
})

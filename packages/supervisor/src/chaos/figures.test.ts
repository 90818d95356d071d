import { expect, test } from 'vitest'
import { loadFigures, percentile } from './figures.ts'
import type { Shot } from './load.ts'
import type { Loss } from './request.ts'

const shot = (dueAt: number, ms: number, loss?: Loss): Shot => ({
  id: dueAt,
  dueAt,
  path: '/a',
  doneAt: dueAt + ms,
  loss,
})
const span = (from: number, to: number) => ({ from, to })

test('percentiles of nothing, of one and of many', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1)
  expect([percentile([], 0.99), percentile([7.26], 0.5), percentile(hundred, 0.5)]).toEqual([0, 7.3, 51])
  expect([percentile(hundred, 0.99), percentile(hundred, 1)]).toEqual([100, 100])
})

test('latencies are those of the window a request was due in; losses have none but count', () => {
  const shots = [
    ...Array.from({ length: 10 }, (_, i) => shot(i, 5)),
    ...Array.from({ length: 10 }, (_, i) => shot(100 + i, 50)),
    shot(105, 5000, { reason: 'timeout', detail: 'no whole answer within 5000 ms' }),
    shot(50, 1, { reason: 'wrong bytes', detail: '1 bytes instead of 2' }),
  ]
  expect(loadFigures(shots, span(0, 100), span(100, 200))).toMatchObject({
    ...{
      sent: 22,
      lost: 2,
      excused: 0,
      wrong: 1,
      p50_before: 5,
      p99_before: 5,
      p50_during: 50,
      p99_during: 50,
      max_during: 50,
    },
    reasons: ['-50 ms: 1 bytes instead of 2 for /a', '+5 ms: no whole answer within 5000 ms for /a'],
  })
})

test('of many losses five are shown, one of every kind among them', () => {
  const status: Loss = { reason: 'status', detail: 'status 502' }
  const shots = [
    ...Array.from({ length: 50 }, (_, i) => shot(i, 1, status)),
    shot(60, 1, { reason: 'reset', detail: 'socket hang up' }),
  ]
  const { reasons } = loadFigures(shots, span(0, 0), span(0, 100))
  expect(reasons).toHaveLength(5)
  expect(reasons.filter((reason) => reason.includes('socket hang up'))).toHaveLength(1)
})

test('excused losses are counted apart', () => {
  const shots = [
    shot(1, 1, { reason: 'refused', detail: 'connect ECONNREFUSED' }),
    shot(2, 1, { reason: 'refused', detail: 'connect ECONNREFUSED' }),
  ]
  const figures = loadFigures(shots, span(0, 0), span(0, 9), ({ dueAt }) => dueAt > 1)
  expect(figures).toMatchObject({ sent: 2, lost: 1, excused: 1 })
  expect(figures.reasons).toHaveLength(1)
})

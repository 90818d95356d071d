import { expect, test } from 'vitest'
import { createSilence } from './silence.ts'
import type { ThreadView } from './thread-view.ts'

const PERIOD = 250
const view = (over: Partial<ThreadView> = {}): ThreadView => ({
  isStopped: false,
  isRunnable: false,
  ranMs: 0,
  waitedMs: 0,
  ...over,
})

function after(views: readonly (ThreadView | undefined)[], elapsed = PERIOD): number {
  const silence = createSilence(PERIOD)
  return views.reduce((_, seen) => silence.passed(elapsed, seen), 0)
}

test('a thread that sleeps or is stopped is silent by its own fault', () => {
  expect(after([view(), view(), view(), view()])).toBe(1000)
  const silence = createSilence(PERIOD)
  silence.passed(PERIOD, view({ isStopped: true }))
  expect(silence.isStopped()).toBe(true)
})

test('a thread that runs all the time is blocked by its own doing', () => {
  expect(after([0, 250, 500, 750].map((ranMs) => view({ isRunnable: true, ranMs })))).toBe(1000)
})

test('time in the run queue does not count', () => {
  const starved = [0, 200, 400, 600].map((waitedMs, n) => view({ isRunnable: true, waitedMs, ranMs: n * 50 }))
  expect(after(starved)).toBeCloseTo(250 + 3 * 50)
})

test('a wait that has not ended yet does not count either', () => {
  const waiting = view({ isRunnable: true, ranMs: 5, waitedMs: 5 })
  expect(after([waiting, waiting, waiting, waiting])).toBe(250)
})

test('what the watcher overslept counts as one look', () => {
  expect(after([view(), view(), view()], 60_000)).toBe(3 * PERIOD)
})

test('without figures of the kernel silence alone counts', () => {
  expect(after([undefined, undefined])).toBe(500)
})

test('an answer forgets everything', () => {
  const silence = createSilence(PERIOD)
  silence.passed(PERIOD, view({ isStopped: true }))
  silence.answered()
  expect(silence.isStopped()).toBe(false)
  expect(silence.passed(PERIOD, view())).toBe(PERIOD)
})

import type { Clock } from './clock.ts'

/** Smaller steps are the work of NTP: a moment that wandered with them would never look the same twice. */
const STEP_MS = 1000

/**
 * A moment as the wall clock of each reading would have shown it: `clock.now()` minus the result is how long ago it was,
 * even when the clock has been set since. `at` is epoch ms; default now.
 */
export function createMoment(clock: Pick<Clock, 'now' | 'monotonic'>, at: number = clock.now()): () => number {
  const offset = clock.now() - clock.monotonic()
  return () => {
    const step = clock.now() - clock.monotonic() - offset
    return Math.abs(step) < STEP_MS ? at : Math.round(at + step)
  }
}

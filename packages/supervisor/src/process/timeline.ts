import type { Clock } from '@imgsvc/core/clock'

/** The one timer a process may have, and those who wait for its state. */
export interface Timeline {
  /** Replaces the timer. */
  set(ms: number, run: () => void): void
  clear(): void
  /** Resolves true when `done()` holds at a `notify`, false after `timeoutMs`. */
  until(done: () => boolean, timeoutMs: number): Promise<boolean>
  notify(): void
}

export function createTimeline(clock: Clock): Timeline {
  let cancel: (() => void) | undefined
  const waiting = new Set<() => void>()
  return {
    set(ms, run) {
      cancel?.()
      cancel = clock.timer(ms, () => {
        cancel = undefined
        run()
      })
    },
    clear() {
      cancel?.()
      cancel = undefined
    },
    until: (done, timeoutMs) =>
      new Promise((resolve) => {
        const finish = (result: boolean) => {
          waiting.delete(check)
          stop()
          resolve(result)
        }
        const check = () => {
          if (done()) finish(true)
        }
        const stop = clock.timer(timeoutMs, () => finish(false))
        waiting.add(check)
        check()
      }),
    notify() {
      for (const check of [...waiting]) check()
    },
  }
}

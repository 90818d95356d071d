import type { Clock } from '@imgsvc/core/clock'

export interface Waiters {
  /** Waits in line. `full`: the line is too long; rejects with the signal's reason when it fires. */
  wait(ms: number, signal: AbortSignal): Promise<'woken' | 'timeout' | 'full'>
  wakeOne(): void
  wakeAll(): void
}

/** A bounded first-come line of requests that wait for a worker. Who leaves the line frees the place at once. */
export function createWaiters(clock: Clock, most: number): Waiters {
  const line = new Set<() => void>()
  return {
    wait(ms, signal) {
      if (line.size >= most) return Promise.resolve('full')
      return new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason)
          return
        }
        const leave = () => {
          line.delete(wake)
          cancel()
          signal.removeEventListener('abort', abort)
        }
        const wake = () => {
          leave()
          resolve('woken')
        }
        const abort = () => {
          leave()
          reject(signal.reason)
        }
        const cancel = clock.timer(ms, () => {
          leave()
          resolve('timeout')
        })
        signal.addEventListener('abort', abort)
        line.add(wake)
      })
    },
    wakeOne() {
      for (const wake of line) {
        wake()
        return
      }
    },
    wakeAll() {
      for (const wake of [...line]) wake()
    },
  }
}

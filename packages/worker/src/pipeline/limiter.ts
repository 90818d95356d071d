import { ImgsvcError } from '@imgsvc/core/errors'

/** Bounds how many renders run at once, and how many may wait. */
export interface Limiter {
  /** Waits for a slot, runs, frees the slot. Throws BUSY when the queue is full and the signal's reason when aborted while waiting. */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>
  readonly running: number
  readonly waiting: number
  /** Longest queue from now on. */
  setQueue(length: number): void
}

/** First come, first served. `slots` renders at once, at most `queue` waiting. */
export function createLimiter(slots: number, queue: number): Limiter {
  let running = 0
  let longest = queue
  // A Set keeps insertion order and lets an aborted waiter leave from the middle without a scan.
  const waiters = new Set<() => void>()

  function acquire(signal: AbortSignal): Promise<void> {
    if (running < slots) {
      running++
      return Promise.resolve()
    }
    if (waiters.size >= longest) {
      return Promise.reject(new ImgsvcError('BUSY', `${running} pictures are being rendered and ${waiters.size} wait`))
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        waiters.delete(enter)
        reject(signal.reason)
      }
      // The slot is handed over, so `running` stays as it is.
      const enter = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      waiters.add(enter)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  function release(): void {
    const next = waiters.values().next().value
    if (next === undefined) {
      running--
      return
    }
    waiters.delete(next)
    next()
  }

  return {
    get running() {
      return running
    },
    get waiting() {
      return waiters.size
    },
    setQueue(length) {
      longest = length
    },
    async run(signal, work) {
      signal.throwIfAborted()
      await acquire(signal)
      try {
        return await work()
      } finally {
        release()
      }
    },
  }
}

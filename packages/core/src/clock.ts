/** Time as an argument, so that state machines and expiry can be tested without waiting. */
export interface Clock {
  /** Wall clock, epoch ms. For timestamps people read. */
  now(): number
  /** Monotonic, ms. For durations and deadlines: never jumps when the wall clock is set. */
  monotonic(): number
  /** Call once after `ms`; the returned function cancels. */
  timer(ms: number, run: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(ms, run) {
    const handle = setTimeout(run, ms)
    return () => clearTimeout(handle)
  },
}

/** Resolves after `ms`, rejects with the signal's reason when it is aborted first. */
export function sleep(ms: number, signal?: AbortSignal, clock: Clock = systemClock): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const onAbort = () => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = clock.timer(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

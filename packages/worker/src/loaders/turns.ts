/** Lets at most so many run at once; the others wait in the order they came. */
export interface Turns {
  /** Rejects with the signal's reason when it fires before it is its turn. */
  take<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T>
}

/** The queue is as long as there are requests under way, which the balancer bounds. */
export function createTurns(limit: number): Turns {
  const waiting = new Set<() => void>()
  let running = 0

  function wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        waiting.delete(begin)
        reject(signal.reason)
      }
      const begin = () => {
        signal.removeEventListener('abort', leave)
        waiting.delete(begin)
        resolve()
      }
      signal.addEventListener('abort', leave, { once: true })
      waiting.add(begin)
    })
  }

  return {
    async take(signal, run) {
      signal.throwIfAborted()
      // Whoever ends hands its place over, so that nobody who comes later is first.
      if (running >= limit) await wait(signal)
      else running++
      try {
        return await run()
      } finally {
        const [next] = waiting
        if (next) next()
        else running--
      }
    },
  }
}

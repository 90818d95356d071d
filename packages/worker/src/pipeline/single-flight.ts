/** Work under way by key: everyone who asks for the same key at once gets the one result. */
export interface SingleFlight<T> {
  /**
   * Joins the work under `key` or starts it. `work` gets a signal that aborts only when every caller has left;
   * a caller whose own `signal` aborts is rejected with its reason at once.
   */
  run(
    key: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<{ value: T; joined: boolean }>
  /** Keys under way. */
  readonly size: number
}

interface Flight<T> {
  readonly result: Promise<T>
  readonly controller: AbortController
  waiting: number
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>()

  function start(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController()
    const flight: Flight<T> = {
      controller,
      waiting: 0,
      result: work(controller.signal).finally(() => {
        if (flights.get(key) === flight) flights.delete(key)
      }),
    }
    // Every caller may have left by the time it fails; their own promises carry the error.
    flight.result.catch(() => undefined)
    flights.set(key, flight)
    return flight
  }

  return {
    get size() {
      return flights.size
    },
    async run(key, signal, work) {
      signal.throwIfAborted()
      const existing = flights.get(key)
      const flight = existing ?? start(key, work)
      flight.waiting++
      try {
        return { value: await untilAborted(flight.result, signal), joined: existing !== undefined }
      } finally {
        if (--flight.waiting === 0 && flights.get(key) === flight) {
          // The next caller must not join work that is being given up.
          flights.delete(key)
          flight.controller.abort(signal.reason)
        }
      }
    },
  }
}

/** The promise, or the signal's reason, whichever is first. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

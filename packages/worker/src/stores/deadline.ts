import type { Clock } from '@imgsvc/core/clock'

export interface DeadlineOptions {
  readonly clock: Clock
  readonly ms: number
  /** The caller's own wish to stop. */
  readonly signal: AbortSignal
  /** What the deadline makes it fail with. */
  readonly expired: () => Error
}

/**
 * Runs with a signal that fires at the deadline or with the caller's. Whatever an interrupted driver throws, the caller's
 * reason or `expired()` comes out, so that no driver's words for "aborted" have to be known.
 */
export async function withDeadline<T>(options: DeadlineOptions, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  options.signal.throwIfAborted()
  const deadline = new AbortController()
  const cancel = options.clock.timer(options.ms, () => deadline.abort(options.expired()))
  try {
    return await run(AbortSignal.any([options.signal, deadline.signal]))
  } catch (error) {
    options.signal.throwIfAborted()
    deadline.signal.throwIfAborted()
    throw error
  } finally {
    cancel()
  }
}

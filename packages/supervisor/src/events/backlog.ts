import type { Clock } from '@imgsvc/core/clock'
import type { ServiceEvent } from '@imgsvc/core/events'

export interface BacklogOptions {
  /** Events that may wait. */
  readonly limit: number
  readonly clock: Clock
  /** Ends it. */
  readonly signal: AbortSignal
}

/** Events on their way to one reader: a queue with a bound, which tells how many it had to drop. */
export interface Backlog extends AsyncIterable<ServiceEvent> {
  add(event: ServiceEvent): void
}

/** An empty backlog; to be read once. */
export function createBacklog({ limit, clock, signal }: BacklogOptions): Backlog {
  const waiting: ServiceEvent[] = []
  let dropped = 0
  let lastDropped = 0
  let wake = () => {}

  /** The gap stands where the events that are missing would have been. */
  function take(): ServiceEvent | undefined {
    if (dropped === 0) return waiting.shift()
    const gap: ServiceEvent = { seq: lastDropped, at: clock.now(), type: 'dropped', count: dropped }
    dropped = 0
    return gap
  }

  async function* read(): AsyncGenerator<ServiceEvent> {
    const stop = () => wake()
    signal.addEventListener('abort', stop, { once: true })
    try {
      while (!signal.aborted) {
        const event = take()
        if (event) yield event
        else {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      }
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  return {
    add(event) {
      waiting.push(event)
      if (waiting.length > limit) {
        lastDropped = waiting.shift()?.seq ?? lastDropped
        dropped++
      }
      wake()
    },
    [Symbol.asyncIterator]: read,
  }
}

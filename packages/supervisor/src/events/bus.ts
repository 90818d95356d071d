import type { Clock } from '@imgsvc/core/clock'
import type { EventParams } from '@imgsvc/core/control'
import { type EventFacts, passes, type ServiceEvent } from '@imgsvc/core/events'
import { createBacklog } from './backlog.ts'

/** Where everything that happens is told, and who listens to it. */
export interface EventBus {
  /** Numbers and dates an event and hands it to everybody. Never throws, never waits. */
  publish(facts: EventFacts): void
  /** Calls for every event until the result is called; what `hear` throws must not happen. */
  listen(hear: (event: ServiceEvent) => void): () => void
  /**
   * The newest events and, with `follow`, those that come, until the signal fires. A reader that falls behind gets a
   * `dropped` event in place of the oldest ones that wait for it.
   */
  stream(params: EventParams, signal: AbortSignal): AsyncIterable<ServiceEvent>
}

export interface EventBusOptions {
  readonly clock: Clock
  /** Events kept for readers that come later; default 1000. */
  readonly history?: number
  /** Events that may wait for one reader; default 1000. */
  readonly backlog?: number
}

const KEPT = 1000
const DEFAULT_LINES = 100

export function createEventBus({ clock, history = KEPT, backlog = KEPT }: EventBusOptions): EventBus {
  const kept: ServiceEvent[] = []
  const listeners = new Set<(event: ServiceEvent) => void>()
  let seq = 0

  function listen(hear: (event: ServiceEvent) => void): () => void {
    listeners.add(hear)
    return () => void listeners.delete(hear)
  }

  return {
    publish(facts) {
      seq++
      const event: ServiceEvent = { seq, at: clock.now(), ...facts }
      kept.push(event)
      if (kept.length > history) kept.shift()
      for (const hear of listeners) hear(event)
    },
    listen,
    stream({ lines = DEFAULT_LINES, follow = false, types = [] }, signal) {
      const recent = kept.filter((event) => passes(event, types))
      const first = lines === 0 ? [] : recent.slice(-lines)
      if (!follow) return asStream(first)
      const waiting = createBacklog({ limit: backlog, clock, signal })
      const ignore = listen((event) => {
        if (passes(event, types)) waiting.add(event)
      })
      return followed(first, waiting, ignore)
    },
  }
}

async function* asStream(events: readonly ServiceEvent[]): AsyncGenerator<ServiceEvent> {
  yield* events
}

async function* followed(
  first: readonly ServiceEvent[],
  waiting: AsyncIterable<ServiceEvent>,
  ignore: () => void,
): AsyncGenerator<ServiceEvent> {
  try {
    yield* first
    yield* waiting
  } finally {
    ignore()
  }
}

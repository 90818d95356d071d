import { type Clock, sleep } from '@imgsvc/core/clock'
import type { ServiceEvent } from '@imgsvc/core/events'
import type { Logger } from '@imgsvc/core/log'

/** What became of an event: delivered, worth another try, or not worth one. */
export type Attempt =
  | { readonly kind: 'ok' }
  | { readonly kind: 'retry'; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string }

export interface DeliveryOptions {
  /** Name of the hook in log and metrics. */
  readonly hook: string
  /** One try. Never rejects but with the reason of the signal. */
  deliver(event: ServiceEvent, signal: AbortSignal): Promise<Attempt>
  readonly clock: Clock
  readonly log: Logger
  counted(hook: string, result: 'ok' | 'failed' | 'dropped'): void
  /** Tries of one event; default 5. */
  readonly tries?: number
  /** Events that may wait; default 1000, the oldest are dropped. */
  readonly limit?: number
  /** Pause before the second try, ms; each later one is twice as long. Default 1000. */
  readonly pauseMs?: number
}

/** Events on their way to one hook: in order, one at a time, a bounded number of them. */
export interface Delivery {
  add(event: ServiceEvent): void
  /** Gives the one under way and those that wait this long, and then up. */
  close(graceMs: number): Promise<void>
}

const TRIES = 5
const LIMIT = 1000
const PAUSE_MS = 1000

export function createDelivery(options: DeliveryOptions): Delivery {
  const { hook, clock, log, tries = TRIES, limit = LIMIT, pauseMs = PAUSE_MS } = options
  const waiting: ServiceEvent[] = []
  const end = new AbortController()
  let running: Promise<void> | undefined

  async function deliver(event: ServiceEvent): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const result = await options.deliver(event, end.signal)
      if (result.kind === 'ok') return options.counted(hook, 'ok')
      if (result.kind === 'refused' || attempt >= tries) {
        options.counted(hook, 'failed')
        log.warn({ hook, seq: event.seq, type: event.type, attempt, why: result.why }, 'a hook did not take an event')
        return
      }
      log.debug({ hook, seq: event.seq, attempt, why: result.why }, 'a hook is tried again')
      await sleep(pauseMs * 2 ** (attempt - 1), end.signal, clock)
    }
  }

  async function run(): Promise<void> {
    try {
      for (let event = waiting.shift(); event && !end.signal.aborted; event = waiting.shift()) await deliver(event)
    } catch (error) {
      if (!end.signal.aborted) log.error({ err: error, hook }, 'a hook failed')
    } finally {
      running = undefined
    }
  }

  return {
    add(event) {
      if (end.signal.aborted) return
      waiting.push(event)
      if (waiting.length > limit) {
        waiting.shift()
        options.counted(hook, 'dropped')
      }
      running ??= run()
    },
    async close(graceMs) {
      const cancel = clock.timer(graceMs, () => end.abort())
      await running
      cancel()
      end.abort()
    },
  }
}

import type { Clock } from '@imgsvc/core/clock'
import type { Config } from '@imgsvc/core/config/schema'
import { passes, type ServiceEvent } from '@imgsvc/core/events'
import type { Logger } from '@imgsvc/core/log'
import type { EventBus } from './bus.ts'
import { createDelivery, type Delivery, type DeliveryOptions } from './delivery.ts'
import { execHook } from './exec-hook.ts'
import { postEvent } from './webhook.ts'

export interface HookOptions {
  readonly bus: Pick<EventBus, 'listen'>
  readonly clock: Clock
  readonly log: Logger
  /** As configured at this moment. */
  settings(): Config['hooks']
  /** The secret of the webhook itself. */
  secret(): string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly counted: DeliveryOptions['counted']
  /** Pause before a second try, ms. */
  readonly pauseMs?: number
}

/** Tells hooks what happens, whatever becomes of it: supervision never waits for them. */
export interface Hooks {
  /** What is under way and waits gets a moment more. */
  close(): Promise<void>
}

const CLOSE_GRACE_MS = 2000

/** Listens from now on; a hook that is not configured gets nothing. */
export function createHooks(options: HookOptions): Hooks {
  const { bus, settings } = options
  const webhook = createDelivery({
    ...options,
    hook: 'webhook',
    deliver: async (event, signal) => {
      const { webhook: url, webhookTimeout: timeoutMs } = settings()
      // It was taken out of the configuration while the event waited.
      return url === '' ? { kind: 'ok' } : postEvent(event, { url, timeoutMs, secret: options.secret() }, signal)
    },
  })
  const exec = createDelivery({
    ...options,
    hook: 'exec',
    deliver: async (event, signal) => {
      const { exec: command, execTimeout: timeoutMs } = settings()
      const [path, ...args] = command
      return path === undefined ? { kind: 'ok' } : execHook(event, { path, args, timeoutMs, env: options.env }, signal)
    },
  })
  const targets = (): readonly Delivery[] => {
    const { webhook: url, exec: command } = settings()
    return [...(url === '' ? [] : [webhook]), ...(command.length === 0 ? [] : [exec])]
  }
  const ignore = bus.listen((event: ServiceEvent) => {
    if (passes(event, settings().events)) for (const target of targets()) target.add(event)
  })
  return {
    async close() {
      ignore()
      await Promise.all([webhook, exec].map((delivery) => delivery.close(CLOSE_GRACE_MS)))
    },
  }
}

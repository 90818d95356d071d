import type { ChildMethods, Health } from '@imgsvc/core/child-control'
import { type Clock, sleep } from '@imgsvc/core/clock'
import type { RpcClient } from '@imgsvc/core/rpc-client'

/** Figures of a running child for `status`; null when it has not answered lately. Bytes, percent of one core, ms. */
export interface Vitals {
  readonly rss: number | null
  readonly cpu: number | null
  readonly inFlight: number | null
  readonly loopLagMs: number | null
}

/** Figures of a child nobody has heard from. */
export const NO_VITALS: Vitals = { rss: null, cpu: null, inFlight: null, loopLagMs: null }

export interface VitalsOptions {
  readonly client: RpcClient<ChildMethods>
  readonly clock: Clock
  /** Ends the loop: the child is gone. */
  readonly signal: AbortSignal
  report(vitals: Vitals): void
}

const READY_POLL_MS = 20
const IDENTITY_TIMEOUT_MS = 1000
const HEALTH_POLL_MS = 1000
const HEALTH_TIMEOUT_MS = 1000
const MISSES_UNTIL_UNKNOWN = 3

/**
 * Resolves once the child itself says on its socket that it is ready. Somebody else answering there (an earlier child
 * on its way out) does not count. Never resolves before; rejects with the signal's reason when the child is gone.
 */
export async function untilReady(
  client: RpcClient<ChildMethods>,
  expected: { readonly pid: number; readonly generation: number },
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    if (await isReady(client, expected, signal)) return
    await sleep(READY_POLL_MS, signal, clock)
  }
}

async function isReady(
  client: RpcClient<ChildMethods>,
  expected: { readonly pid: number; readonly generation: number },
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { pid, generation, ready } = await client.call('identity', {}, { signal, timeoutMs: IDENTITY_TIMEOUT_MS })
    return ready && pid === expected.pid && generation === expected.generation
  } catch {
    return false // not listening yet; the start time-out is the judge
  }
}

/** Asks a running child every second how it is, until the signal fires. Never rejects. */
export async function watchVitals({ client, clock, signal, report }: VitalsOptions): Promise<void> {
  let before: { cpuMs: number; at: number } | undefined
  let misses = 0
  while (!signal.aborted) {
    const health = await askHealth(client, signal)
    if (signal.aborted) return
    if (health) {
      const at = clock.monotonic()
      report(vitalsOf(health, before, at))
      before = { cpuMs: health.cpuMs, at }
      misses = 0
    } else if (++misses === MISSES_UNTIL_UNKNOWN) {
      report(NO_VITALS)
    }
    await sleep(HEALTH_POLL_MS, signal, clock).catch(() => undefined) // aborted: the loop ends
  }
}

async function askHealth(client: RpcClient<ChildMethods>, signal: AbortSignal): Promise<Health | undefined> {
  try {
    return await client.call('health', {}, { signal, timeoutMs: HEALTH_TIMEOUT_MS })
  } catch {
    return undefined // silent; the figures are blanked after a few times
  }
}

function vitalsOf(health: Health, before: { cpuMs: number; at: number } | undefined, at: number): Vitals {
  const cpu = before && at > before.at ? ((health.cpuMs - before.cpuMs) / (at - before.at)) * 100 : null
  const { rss, inFlight, loopLagMs } = health
  return { rss, inFlight, loopLagMs: round(loopLagMs), cpu: cpu === null ? null : round(Math.max(0, cpu)) }
}

const round = (value: number) => Math.round(value * 10) / 10

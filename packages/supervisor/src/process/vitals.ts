import type { ChildMethods, Health } from '@imgsvc/core/child-control'
import { type Clock, sleep } from '@imgsvc/core/clock'
import type { RpcClient } from '@imgsvc/core/rpc-client'
import { type PortProbe, probePort } from './port-probe.ts'

/** Figures of a running child for `status`; null when it has not answered lately. Bytes, percent of one core, ms. */
export interface Vitals {
  readonly rss: number | null
  readonly cpu: number | null
  readonly inFlight: number | null
  readonly loopLagMs: number | null
  readonly heap: number | null
  /** Requests answered since it began. */
  readonly served: number | null
}

/** Figures of a child nobody has heard from. */
export const NO_VITALS: Vitals = { rss: null, cpu: null, inFlight: null, loopLagMs: null, heap: null, served: null }

const READY_POLL_MS = 10
const IDENTITY_TIMEOUT_MS = 1000
const CPU_WINDOW_MS = 1000

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

/** Resolves once the process answers on its own port; rejects with the signal's reason when it is gone. */
export async function untilReachable(probe: PortProbe, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!(await probePort(probe, signal))) {
    signal.throwIfAborted()
    await sleep(READY_POLL_MS, signal, clock)
  }
  signal.throwIfAborted()
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

/** Figures over the beats of one child: CPU is a mean over about a second. */
export interface Gauge {
  read(health: Health): Vitals
}

export function createGauge(clock: Clock): Gauge {
  let base: { readonly cpuMs: number; readonly at: number } | undefined
  let cpu: number | null = null
  return {
    read(health) {
      const at = clock.monotonic()
      if (!base || at - base.at >= CPU_WINDOW_MS) {
        if (base) cpu = round(Math.max(0, ((health.cpuMs - base.cpuMs) / (at - base.at)) * 100))
        base = { cpuMs: health.cpuMs, at }
      }
      const { rss, heap, inFlight, loopLagMs } = health
      return { rss, heap, inFlight, loopLagMs: round(loopLagMs), cpu, served: health.served ?? null }
    },
  }
}

const round = (value: number) => Math.round(value * 10) / 10

import type { UpstreamEntry } from '@imgsvc/core/child-control'
import type { ProcessId } from '@imgsvc/core/process'

/** One running worker. A restarted worker is a new Upstream, as its connections and failures are its own. */
export interface Upstream {
  readonly id: ProcessId
  readonly host: string
  readonly port: number
  readonly generation: number
  /** Share of the traffic, relative to the others. */
  readonly weight: number
  state: UpstreamEntry['state']
  /** Requests under way. */
  inFlight: number
  /** Failures in a row. */
  failures: number
  /** Called when the supervisor takes it away: it hangs, is gone, or has a successor. */
  readonly onWithdrawn: Set<() => void>
  /** Monotonic ms; until then it is the last choice, because it failed. */
  skipUntil: number
}

/** Orders the available upstreams, first choice first. Lazy: only what is taken counts as chosen. */
export type SelectionPolicy = (available: readonly Upstream[], key: string) => Iterable<Upstream>

/** A worker as the supervisor announced it. */
export function createUpstream(entry: UpstreamEntry): Upstream {
  const { id, host, port, generation, state } = entry
  return {
    id,
    host,
    port,
    generation,
    weight: 1,
    state,
    inFlight: 0,
    failures: 0,
    onWithdrawn: new Set(),
    skipUntil: 0,
  }
}

import type { ProcessId } from './process.ts'

/** What a child is, as it says so itself; the supervisor compares it with the run file. */
export interface Identity {
  readonly id: ProcessId
  readonly pid: number
  /** Start time of the process as the kernel counts it (clock ticks since boot, field 22 of /proc/<pid>/stat; '' elsewhere). */
  readonly startTime: string
  /** Goes up by one with every spawn of this id. */
  readonly generation: number
  /** Hash of the configuration the child runs with. */
  readonly configHash: string
  /** TCP port it serves on. */
  readonly port: number
  /** It accepts requests and is not draining. */
  readonly ready: boolean
}

export interface Health {
  readonly ready: boolean
  readonly inFlight: number
  /** p99 of the event-loop delay since the last call, ms. */
  readonly loopLagMs: number
  /** Bytes. */
  readonly rss: number
  /** Bytes. */
  readonly heap: number
  /** CPU time used since the process began, ms. */
  readonly cpuMs: number
  /** Log lines dropped because the disk failed. */
  readonly logDropped: number
}

/** One worker as the balancer sees it; `run/upstreams.json` holds the same list. */
export interface UpstreamEntry {
  readonly id: ProcessId
  readonly host: string
  readonly port: number
  readonly state: 'up' | 'draining' | 'down'
  readonly generation: number
}

/** What `run/upstreams.json` holds. `version` only goes up; an older list is ignored. */
export interface UpstreamList {
  readonly version: number
  readonly upstreams: readonly UpstreamEntry[]
}

/** Every child, forked or adopted, answers these on `run/<id>.sock`: `POST /v1/<method>`, JSON both ways. */
export interface ChildMethods {
  identity: { params: Record<string, never>; result: Identity }
  health: { params: Record<string, never>; result: Health }
  /** prom-client's `getMetricsAsJSON()` of this process, for AggregatorRegistry.aggregate. */
  metrics: { params: Record<string, never>; result: readonly object[] }
  /** Stop being ready and wait until idle, at most `deadlineMs`. */
  drain: { params: { deadlineMs: number }; result: { inFlight: number } }
  undrain: { params: Record<string, never>; result: Record<string, never> }
  reopenLogs: { params: Record<string, never>; result: Record<string, never> }
  /** Balancer only: the list to route to from now on. */
  upstreams: { params: UpstreamList; result: Record<string, never> }
  /** Read `run/config.json` again and apply what can change live. */
  configure: { params: { configHash: string }; result: Record<string, never> }
}

export type ChildMethod = keyof ChildMethods
export type ChildHandlers = {
  readonly [M in ChildMethod]?: (params: ChildMethods[M]['params']) => Promise<ChildMethods[M]['result']>
}

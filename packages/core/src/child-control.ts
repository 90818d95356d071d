import type { Explanation } from './explanation.ts'
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
  /** Requests answered since the process began; undefined when it does not count them. */
  readonly served?: number | undefined
}

/** What a balancer starts beside itself. */
export interface SiblingProgram {
  /** Absolute path of the program. */
  readonly entry: string
  readonly args: readonly string[]
  /** Added to the environment of the balancer that starts it. */
  readonly env: Readonly<Record<string, string>>
  /** File its stdout and stderr are appended to. */
  readonly stderrFile: string
}

/** A self-test that was passed. */
export interface SelfTest {
  /** How long it took, ms. */
  readonly ms: number
}

/** One worker as the balancer sees it; `run/upstreams.json` holds the same list. */
export interface UpstreamEntry {
  readonly id: ProcessId
  readonly host: string
  readonly port: number
  readonly state: 'up' | 'draining' | 'down'
  readonly generation: number
}

/** One request that a worker had in hand. */
export interface RequestInHand {
  readonly requestId: string
  /** Path and query as received. */
  readonly path: string
  /** How long it had been with the worker, ms. */
  readonly ms: number
}

/** What `run/upstreams.json` holds. `version` only goes up; an older list is ignored. */
export interface UpstreamList {
  readonly version: number
  readonly upstreams: readonly UpstreamEntry[]
}

/** The request whose plan is asked for. */
export interface ExplainParams {
  /** Path and query as a client would send them. */
  readonly url: string
  /** Its Accept header. */
  readonly accept?: string | undefined
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
  /**
   * Balancer only: starts one more balancer that shares its listening socket, which no child of another supervisor
   * could have otherwise.
   */
  spawnSibling: { params: SiblingProgram; result: { pid: number; startTime: string } }
  /** Worker only: render a built-in picture and look at what comes out. Throws SELF_TEST_FAILED. */
  selfTest: { params: Record<string, never>; result: SelfTest }
  /** Worker only: the plan of one URL, without a picture. What is wrong with the URL is part of the answer. */
  explain: { params: ExplainParams; result: Explanation }
  /** Balancer only: what a worker has in hand now or was taken from it, or lost by it, within the last seconds. */
  requestsOn: { params: { id: ProcessId; generation: number }; result: readonly RequestInHand[] }
  /** Read `run/config.json` again and apply what can change live. */
  configure: { params: { configHash: string }; result: Record<string, never> }
}

export type ChildMethod = keyof ChildMethods
export type ChildHandlers = {
  readonly [M in ChildMethod]?: (
    params: ChildMethods[M]['params'],
    signal: AbortSignal,
  ) => Promise<ChildMethods[M]['result']>
}

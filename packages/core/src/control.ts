import type { ExplainParams } from './child-control.ts'
import type { ServiceEvent } from './events.ts'
import type { Explanation } from './explanation.ts'
import type { LogLevel } from './log-level.ts'
import type { Exit, ProcessId, ProcState, Want } from './process.ts'

/** Most lines of one log that `log.tail` begins with. */
export const MAX_TAIL_LINES = 100_000

/** One row of `imgsvc status` and of `GET /v1/processes`. Times are epoch ms, sizes bytes. */
export interface ProcessInfo {
  readonly id: ProcessId
  readonly state: Uppercase<ProcState>
  readonly want: Want
  readonly pid: number | null
  readonly port: number
  /** Start of the running process, epoch ms; null when it is not running. */
  readonly since: number | null
  readonly restarts: number
  readonly rss: number | null
  /** Share of one core over the last second, percent. */
  readonly cpu: number | null
  readonly inFlight: number | null
  readonly loopLagMs: number | null
  readonly draining: boolean
  /** It is the additional worker of a rolling restart and goes when that is over. */
  readonly surge?: boolean
  readonly lastExit: Exit | null
  /** Why it is in BACKOFF or FATAL, or that it does not answer, in one sentence. */
  readonly reason: string | null
}

/** Durations by size: `counts[i]` of them took at most `bounds[i]` seconds, the last entry of `counts` more than all. */
export interface Durations {
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
}

/** What a process has counted since it began; who asks twice gets rates. What it does not count is null. */
export interface ProcessStats {
  readonly id: ProcessId
  readonly pid: number
  /** Monotonic time of the supervisor, ms. */
  readonly at: number
  readonly requests: number
  readonly durations: Durations | null
  /** Look-ups in the result storage, and those that found something. */
  readonly lookups: number | null
  readonly hits: number | null
  /** Requests waiting for a render slot at this moment. */
  readonly queue: number | null
}

/** Which events are handed out. */
export interface EventParams {
  /** Newest events to begin with; default 100. */
  readonly lines?: number | undefined
  readonly follow?: boolean | undefined
  /** Of EVENT_FILTERS; default all. */
  readonly types?: readonly string[] | undefined
}

/** Result of an action on one process. */
export interface ActionResult {
  readonly id: ProcessId
  readonly ok: boolean
  readonly state: Uppercase<ProcState>
  readonly pid: number | null
  /** How long the action took, ms. */
  readonly ms: number
  /** Why it is not ok. */
  readonly reason?: string
}

/** One line of a log as `logs` hands it out. */
export interface LogLine {
  readonly id: string
  /** The line as it stands in the file, without the newline. */
  readonly line: string
}

/** What became of an upgrade. */
export interface UpgradeResult {
  /** Version of the supervisor that ran until now, and of the code on disk. */
  readonly from: string
  readonly to: string
  /** One entry for each process; one that failed stopped the upgrade there. */
  readonly actions: readonly ActionResult[]
  /**
   * What happens to the supervisor itself once this has been answered: `successor`, another process takes over;
   * `exit`, it ends and the init system starts it again; `none`, a process failed and all stays as it is.
   */
  readonly supervisor: 'successor' | 'exit' | 'none'
}

/** What became of emptying the logs of one process. */
export interface ClearResult {
  readonly id: ProcessId
  readonly ok: boolean
  /** Why it is not ok. */
  readonly reason?: string
}

/** Which lines `log.tail` hands out. */
export interface LogTailParams {
  readonly select?: readonly string[] | undefined
  /** `log` is what a process writes itself, `stderr` what came out of it otherwise; default log. */
  readonly stream?: 'log' | 'stderr' | undefined
  /** Newest lines of each log to begin with, among those that are asked for. */
  readonly lines?: number | undefined
  readonly follow?: boolean | undefined
  /** Only lines from this moment on, epoch ms. */
  readonly since?: number | undefined
  /** Only lines of this level and above. */
  readonly level?: LogLevel | undefined
  /** Only lines about this request. */
  readonly requestId?: string | undefined
}

export interface SupervisorInfo {
  readonly version: string
  readonly pid: number
  readonly since: number
  readonly stateDir: string
  readonly configFile: string | null
  readonly listen: string
  readonly admin: string
  /** True from the moment the public port answers. */
  readonly ready: boolean
  /** The worker that waits to take the place of another one; null when there is to be none (`workers.spare`). */
  readonly spare?: SpareWorker | null
}

/** `none`: it was used, or has not been started yet. */
export interface SpareWorker {
  readonly state: 'none' | 'starting' | 'waiting'
  readonly pid: number | null
  readonly rss: number | null
}

/**
 * The control API: `POST /v1/<method>` with a JSON body of `params`, JSON `result` back, over
 * `run/supervisor.sock` and the admin port. `log.tail` and `events` answer NDJSON, one entry a line.
 * `docs/control.md` lists them; a test compares.
 */
export interface ControlMethods {
  'supervisor.info': { params: Record<string, never>; result: SupervisorInfo }
  'supervisor.upgrade': { params: Record<string, never>; result: UpgradeResult }
  'supervisor.shutdown': { params: { timeoutMs?: number | undefined }; result: { stopping: true } }
  'process.list': { params: { select?: readonly string[] | undefined }; result: readonly ProcessInfo[] }
  'process.stats': { params: { select?: readonly string[] | undefined }; result: readonly ProcessStats[] }
  'process.start': { params: { select: readonly string[] }; result: readonly ActionResult[] }
  'process.stop': { params: { select: readonly string[] }; result: readonly ActionResult[] }
  'process.restart': { params: { select: readonly string[] }; result: readonly ActionResult[] }
  'process.signal': { params: { select: readonly string[]; signal: string }; result: readonly ActionResult[] }
  'process.drain': { params: { select: readonly string[] }; result: readonly ActionResult[] }
  'process.undrain': { params: { select: readonly string[] }; result: readonly ActionResult[] }
  'process.scale': { params: { workers: number }; result: readonly ActionResult[] }
  'config.reload': {
    params: { dryRun?: boolean | undefined }
    result: { changed: readonly string[]; needRestart: readonly string[] }
  }
  'config.show': {
    params: Record<string, never>
    result: { config: unknown; origins: Readonly<Record<string, string>> }
  }
  'picture.explain': { params: ExplainParams; result: Explanation }
  'log.tail': {
    params: LogTailParams
    result: AsyncIterable<LogLine>
  }
  'log.reopen': { params: Record<string, never>; result: { reopened: number } }
  'log.clear': { params: { select: readonly string[] }; result: readonly ClearResult[] }
  events: { params: EventParams; result: AsyncIterable<ServiceEvent> }
}

export type ControlMethod = keyof ControlMethods

// An object, because its type cannot miss or invent a method.
const METHOD_NAMES: Readonly<Record<ControlMethod, true>> = {
  'supervisor.info': true,
  'supervisor.upgrade': true,
  'supervisor.shutdown': true,
  'process.list': true,
  'process.stats': true,
  'process.start': true,
  'process.stop': true,
  'process.restart': true,
  'process.signal': true,
  'process.drain': true,
  'process.undrain': true,
  'process.scale': true,
  'config.reload': true,
  'config.show': true,
  'picture.explain': true,
  'log.tail': true,
  'log.reopen': true,
  'log.clear': true,
  events: true,
}

/** The names of all control methods, in the order of `docs/control.md`. */
export const CONTROL_METHODS = Object.keys(METHOD_NAMES) as readonly ControlMethod[]

export type ControlParams<M extends ControlMethod> = ControlMethods[M]['params']
export type ControlResult<M extends ControlMethod> = ControlMethods[M]['result']
export type ControlHandlers = {
  readonly [M in ControlMethod]: (params: ControlParams<M>, signal: AbortSignal) => Promise<ControlResult<M>>
}

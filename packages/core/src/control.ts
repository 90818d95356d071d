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
  readonly lastExit: Exit | null
  /** Why it is in BACKOFF or FATAL, in one sentence. */
  readonly reason: string | null
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
}

/**
 * The control API: `POST /v1/<method>` with a JSON body of `params`, JSON `result` back, over
 * `run/supervisor.sock` and the admin port. `log.tail` answers NDJSON, one LogLine a line.
 * `docs/control.md` lists them; a test compares.
 */
export interface ControlMethods {
  'supervisor.info': { params: Record<string, never>; result: SupervisorInfo }
  'supervisor.shutdown': { params: { timeoutMs?: number | undefined }; result: { stopping: true } }
  'process.list': { params: { select?: readonly string[] | undefined }; result: readonly ProcessInfo[] }
  'process.start': { params: { select: readonly string[] }; result: readonly ActionResult[] }
  'process.stop': { params: { select: readonly string[] }; result: readonly ActionResult[] }
  'process.restart': { params: { select: readonly string[] }; result: readonly ActionResult[] }
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
  'log.tail': {
    params: { select?: readonly string[] | undefined; lines?: number | undefined; follow?: boolean | undefined }
    result: AsyncIterable<LogLine>
  }
  'log.reopen': { params: Record<string, never>; result: { reopened: number } }
}

export type ControlMethod = keyof ControlMethods

// An object, because its type cannot miss or invent a method.
const METHOD_NAMES: Readonly<Record<ControlMethod, true>> = {
  'supervisor.info': true,
  'supervisor.shutdown': true,
  'process.list': true,
  'process.start': true,
  'process.stop': true,
  'process.restart': true,
  'process.drain': true,
  'process.undrain': true,
  'process.scale': true,
  'config.reload': true,
  'config.show': true,
  'log.tail': true,
  'log.reopen': true,
}

/** The names of all control methods, in the order of `docs/control.md`. */
export const CONTROL_METHODS = Object.keys(METHOD_NAMES) as readonly ControlMethod[]

export type ControlParams<M extends ControlMethod> = ControlMethods[M]['params']
export type ControlResult<M extends ControlMethod> = ControlMethods[M]['result']
export type ControlHandlers = {
  readonly [M in ControlMethod]: (params: ControlParams<M>, signal: AbortSignal) => Promise<ControlResult<M>>
}

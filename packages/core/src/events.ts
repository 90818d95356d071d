import type { CrashReason } from './crash.ts'
import type { Exit, ProcessId, ProcState } from './process.ts'

/** Something that happened, as `imgsvc events`, webhooks and exec hooks are told. Times are epoch ms. */
export type ServiceEvent = Stamp &
  (StateEvent | CrashEvent | ReloadEvent | RotationEvent | SupervisorEvent | DroppedEvent)

interface Stamp {
  /** Goes up by one with every event of one supervisor; a gap shows what a slow reader has missed. */
  readonly seq: number
  readonly at: number
}

/** A process went from one state to another. */
export interface StateEvent {
  readonly type: 'state'
  readonly process: ProcessId
  readonly from: Uppercase<ProcState>
  readonly to: Uppercase<ProcState>
  readonly pid: number | null
  readonly generation: number
  /** Why it left RUNNING or STARTING, when nobody asked for it. */
  readonly reason: string | null
  /** How it ended, when it ended. */
  readonly exit: Exit | null
}

/** A process ended, or was ended, against its will; `imgsvc crashes` has the whole record. */
export interface CrashEvent {
  readonly type: 'crash'
  readonly process: ProcessId
  readonly pid: number
  readonly generation: number
  readonly cause: CrashReason
  readonly reason: string
  readonly exit: Exit
}

/** The configuration was read again; `reason` says why it was not applied. */
export interface ReloadEvent {
  readonly type: 'reload'
  readonly ok: boolean
  readonly changed: readonly string[]
  readonly needRestart: readonly string[]
  readonly reason: string | null
}

/** A log was rotated, or could not be. */
export interface RotationEvent {
  readonly type: 'rotation'
  readonly ok: boolean
  readonly file: string
}

/** The supervisor itself: it has begun, the public port answers, it stops, or leaves its processes to a successor. */
export interface SupervisorEvent {
  readonly type: 'supervisor'
  readonly to: 'started' | 'ready' | 'stopping' | 'handover'
  readonly pid: number
}

/** This reader was too slow for so many events, which it does not get. */
export interface DroppedEvent {
  readonly type: 'dropped'
  readonly count: number
}

/** An event before it is numbered and dated. */
export type EventFacts = StateEvent | CrashEvent | ReloadEvent | RotationEvent | SupervisorEvent

/** What can be asked for: a kind of events, or one state processes come to, such as `state:FATAL`. */
export const EVENT_FILTERS = [
  ...['state', 'crash', 'reload', 'rotation', 'supervisor'],
  ...['STOPPED', 'STARTING', 'RUNNING', 'BACKOFF', 'STOPPING', 'EXITED', 'FATAL'].map((state) => `state:${state}`),
] as const

/** Does an event pass these filters? Without a filter every one does, and a gap is always told. */
export function passes(event: ServiceEvent, filters: readonly string[]): boolean {
  if (filters.length === 0 || event.type === 'dropped' || filters.includes(event.type)) return true
  return event.type === 'state' && filters.includes(`state:${event.to}`)
}

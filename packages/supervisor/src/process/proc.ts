import type { ProcState, Want } from '@imgsvc/core/process'

/** One process. `settled` means that it has been running for `stableAfter`. */
export interface Proc {
  readonly state: ProcState
  readonly want: Want
  /** Null unless a child exists. */
  readonly pid: number | null
  /** When the state was entered, monotonic ms. */
  readonly since: number
  /** Failures in a row. */
  readonly failures: number
  readonly settled: boolean
  /** It has said that it is ready, but has not been up for `startSeconds` yet. */
  readonly answered: boolean
  /** When it ended by itself after it was running, within `crashWindow`; monotonic ms, oldest first. */
  readonly crashes: readonly number[]
}

export type ProcEvent =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | { readonly type: 'restart' }
  /** A child that is there already. `ready`: it takes requests. */
  | { readonly type: 'adopted'; readonly pid: number; readonly ready: boolean }
  | { readonly type: 'spawned'; readonly pid: number }
  | { readonly type: 'ready' }
  /** The child ended, or could not be spawned. `clean`: with an expected exit code. */
  | { readonly type: 'exited'; readonly clean: boolean }
  | { readonly type: 'timeout' }

/** Effects are carried out in order. A `timer` replaces the process's only timer; leaving a state cancels it. */
export type Effect =
  | { readonly type: 'spawn' }
  | { readonly type: 'signal'; readonly signal: 'SIGTERM' | 'SIGKILL' }
  | { readonly type: 'timer'; readonly ms: number }
  | { readonly type: 'announce' }

/** When a process is restarted and how long each state may take. Durations ms. */
export interface Policy {
  /** After it ended by itself: always, only after a failure, never. */
  readonly restart: 'always' | 'failure' | 'never'
  readonly startTimeout: number
  readonly stopTimeout: number
  readonly stableAfter: number
  /** Failures in a row that are forgiven; one more is FATAL. */
  readonly startRetries: number
  /** It must be up this long before it counts as running. */
  readonly startSeconds: number
  /** Ends of a running process within `crashWindow` that make it FATAL. */
  readonly crashLimit: number
  readonly crashWindow: number
  /** Pause between tries of a FATAL process; 0 is never. */
  readonly fatalRetry: number
  /** Another process of its role is running: only then is a FATAL one tried again. */
  readonly hasHealthyPeer: boolean
  /** From 0 to 1, drawn anew each time: spreads the tries of processes that fail together. */
  readonly jitter: number
}

/** A process that has not been started. */
export function initialProc(now: number): Proc {
  return {
    state: 'stopped',
    want: 'down',
    pid: null,
    since: now,
    failures: 0,
    settled: false,
    answered: false,
    crashes: [],
  }
}

/** Pause before the next try after this many failures in a row: 1, 2, 4 … 30 s, and up to a quarter more by `jitter`. */
export function backoffMs(failures: number, jitter = 0): number {
  return Math.round(Math.min(30_000, 1000 * 2 ** (failures - 1)) * (1 + jitter / 4))
}

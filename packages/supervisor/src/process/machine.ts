import type { ProcState, Want } from '@imgsvc/core/process'

/*
 * One process, as a table of state × event. Pure: the controller carries the effects out.
 *
 *                 start                    ready               timer (stableAfter)
 *   stopped ───────────────► starting ─────────────► running ──────┐ failures forgiven
 *      ▲                      │    ▲                   │  ▲─────────┘
 *      │ exit        exit or  │    │ timer       exit  │
 *      │             timer    ▼    │                   ▼
 *   stopping ◄── stop ──── backoff ◄──── failed at start, or again within stableAfter
 *      │                      │
 *      │ timer: SIGKILL       ▼ more failures than startRetries
 *      └──────► …           fatal            exited: ended by itself and the policy lets it be
 *
 * `adopted` leads from stopped straight to running, or to starting when that child does not take requests: it was
 * started by an earlier supervisor and has outlived it.
 *
 * What the operator wants (`want`) is kept apart from what is (`state`), as in s6: a restart is a stop while the
 * process is still wanted. State names are supervisord's (`supervisor/states.py`).
 */

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
}

export type ProcEvent =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | { readonly type: 'restart' }
  /** A child that is there already. `ready`: it takes requests. */
  | { readonly type: 'adopted'; readonly pid: number; readonly ready: boolean }
  | { readonly type: 'spawned'; readonly pid: number }
  | { readonly type: 'ready' }
  /** The child ended, or could not be spawned. `clean`: exit code 0. */
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
}

type Step = readonly [Proc, readonly Effect[]]

/** A process that has not been started. */
export function initialProc(now: number): Proc {
  return { state: 'stopped', want: 'down', pid: null, since: now, failures: 0, settled: false }
}

/** Pause before the next try after this many failures in a row: 1, 2, 4 … 30 s. */
export function backoffMs(failures: number): number {
  return Math.min(30_000, 1000 * 2 ** (failures - 1))
}

const ANNOUNCE: Effect = { type: 'announce' }
const TERM: Effect = { type: 'signal', signal: 'SIGTERM' }
const KILL: Effect = { type: 'signal', signal: 'SIGKILL' }
const timer = (ms: number): Effect => ({ type: 'timer', ms })

function enter(proc: Proc, state: ProcState, now: number, change: Partial<Proc> = {}): Proc {
  return { ...proc, settled: false, ...change, state, since: now }
}

function starting(proc: Proc, failures: number, policy: Policy, now: number): Step {
  const next = enter(proc, 'starting', now, { want: 'up', pid: null, failures })
  return [next, [timer(policy.startTimeout), ANNOUNCE, { type: 'spawn' }]]
}

function stopping(proc: Proc, change: Partial<Proc>, policy: Policy, now: number): Step {
  return [enter(proc, 'stopping', now, change), [timer(policy.stopTimeout), ANNOUNCE, TERM]]
}

function atRest(proc: Proc, state: 'stopped' | 'exited' | 'fatal', now: number): Step {
  // FATAL and EXITED are the machine's decision, not the operator's: what is wanted stays as it was.
  const want = state === 'stopped' ? 'down' : proc.want
  // A process at rest keeps its failures only when they explain why: FATAL.
  const failures = state === 'fatal' ? proc.failures : 0
  return [enter(proc, state, now, { want, pid: null, failures }), [ANNOUNCE]]
}

function failed(proc: Proc, failures: number, policy: Policy, now: number): Step {
  if (failures > policy.startRetries) return atRest({ ...proc, failures }, 'fatal', now)
  return [enter(proc, 'backoff', now, { pid: null, failures }), [timer(backoffMs(failures)), ANNOUNCE]]
}

/** It had been serving: settled, or failing for the first time, it comes back at once; a second early death waits. */
function ended(proc: Proc, clean: boolean, policy: Policy, now: number): Step {
  if (policy.restart === 'never' || (policy.restart === 'failure' && clean)) return atRest(proc, 'exited', now)
  if (proc.settled) return starting(proc, 0, policy, now)
  const failures = proc.failures + 1
  if (failures === 1 && policy.startRetries > 0) return starting(proc, failures, policy, now)
  return failed(proc, failures, policy, now)
}

/** A stopped child that is still wanted comes back: at once when it was asked for, after a pause when it had failed. */
function stopped(proc: Proc, policy: Policy, now: number): Step {
  if (proc.want === 'down') return atRest(proc, 'stopped', now)
  return proc.failures === 0 ? starting(proc, 0, policy, now) : failed(proc, proc.failures, policy, now)
}

type Row = (proc: Proc, event: ProcEvent, policy: Policy, now: number) => Step

const unchanged = (proc: Proc): Step => [proc, []]

function adopted(proc: Proc, pid: number, ready: boolean, policy: Policy, now: number): Step {
  const [state, ms] = ready ? (['running', policy.stableAfter] as const) : (['starting', policy.startTimeout] as const)
  return [enter(proc, state, now, { want: 'up', pid, failures: 0 }), [timer(ms), ANNOUNCE]]
}

const resting: Row = (proc, event, policy, now) => {
  if (event.type === 'start' || event.type === 'restart') return starting(proc, 0, policy, now)
  if (event.type === 'adopted') return adopted(proc, event.pid, event.ready, policy, now)
  if (event.type === 'stop' && proc.state !== 'stopped') return atRest(proc, 'stopped', now)
  return unchanged(proc)
}

/** Between `spawn` and `spawned` there is no pid: a wish is remembered and carried out once there is one. */
const spawning: Row = (proc, event, policy, now) => {
  switch (event.type) {
    case 'start':
    case 'restart':
      return proc.want === 'up' ? unchanged(proc) : [{ ...proc, want: 'up' }, [ANNOUNCE]]
    case 'stop':
      return proc.want === 'down' ? unchanged(proc) : [{ ...proc, want: 'down' }, [ANNOUNCE]]
    case 'spawned':
      if (proc.want === 'down') return stopping(proc, { pid: event.pid }, policy, now)
      return [{ ...proc, pid: event.pid }, [ANNOUNCE]]
    case 'exited':
      return proc.want === 'down' ? atRest(proc, 'stopped', now) : failed(proc, proc.failures + 1, policy, now)
    default:
      return unchanged(proc)
  }
}

const started: Row = (proc, event, policy, now) => {
  switch (event.type) {
    case 'stop':
      return stopping(proc, { want: 'down', failures: 0 }, policy, now)
    case 'restart':
      return stopping(proc, { failures: 0 }, policy, now)
    case 'ready':
      return [enter(proc, 'running', now), [timer(policy.stableAfter), ANNOUNCE]]
    case 'exited':
      return failed(proc, proc.failures + 1, policy, now)
    case 'timeout':
      return stopping(proc, { failures: proc.failures + 1 }, policy, now)
    default:
      return unchanged(proc)
  }
}

const running: Row = (proc, event, policy, now) => {
  switch (event.type) {
    case 'stop':
      return stopping(proc, { want: 'down', failures: 0 }, policy, now)
    case 'restart':
      return stopping(proc, { failures: 0 }, policy, now)
    case 'exited':
      return ended(proc, event.clean, policy, now)
    case 'timeout':
      return proc.settled ? unchanged(proc) : [{ ...proc, settled: true, failures: 0 }, [ANNOUNCE]]
    default:
      return unchanged(proc)
  }
}

const waiting: Row = (proc, event, policy, now) => {
  switch (event.type) {
    case 'start':
    case 'restart':
      return starting(proc, 0, policy, now)
    case 'stop':
      return atRest(proc, 'stopped', now)
    case 'timeout':
      return starting(proc, proc.failures, policy, now)
    default:
      return unchanged(proc)
  }
}

const ending: Row = (proc, event, policy, now) => {
  switch (event.type) {
    case 'start':
    case 'restart':
      return proc.want === 'up' && proc.failures === 0
        ? unchanged(proc)
        : [{ ...proc, want: 'up', failures: 0 }, [ANNOUNCE]]
    case 'stop':
      return proc.want === 'down' ? unchanged(proc) : [{ ...proc, want: 'down', failures: 0 }, [ANNOUNCE]]
    case 'exited':
      return stopped(proc, policy, now)
    case 'timeout':
      // Repeated until the kernel reports the death, as supervisord does.
      return [proc, [timer(policy.stopTimeout), KILL]]
    default:
      return unchanged(proc)
  }
}

const TABLE: Readonly<Record<ProcState, Row>> = {
  stopped: resting,
  starting: (proc, event, policy, now) => (proc.pid === null ? spawning : started)(proc, event, policy, now),
  running,
  backoff: waiting,
  stopping: ending,
  exited: resting,
  fatal: resting,
}

/** The process after an event and what has to be done, in order. Pure; `now` is monotonic ms. */
export function next(proc: Proc, event: ProcEvent, policy: Policy, now: number): Step {
  return TABLE[proc.state](proc, event, policy, now)
}

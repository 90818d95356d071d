import type { ProcState } from '@imgsvc/core/process'
import { backoffMs, type Effect, type Policy, type Proc, type ProcEvent } from './proc.ts'

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
 *      │ timer: SIGKILL       ▼ more failures than startRetries, or crashLimit ends of a running one within crashWindow
 *      └──────► …           fatal            exited: ended by itself and the policy lets it be
 *                             │ timer (fatalRetry), while another process of its role runs: one more try
 *                             └──────► starting
 *
 * `adopted` leads from stopped straight to running, or to starting when that child does not take requests: it was
 * started by an earlier supervisor and has outlived it.
 *
 * What the operator wants (`want`) is kept apart from what is (`state`), as in s6: a restart is a stop while the
 * process is still wanted. State names are supervisord's (`supervisor/states.py`).
 */

type Step = readonly [Proc, readonly Effect[]]

const ANNOUNCE: Effect = { type: 'announce' }
const TERM: Effect = { type: 'signal', signal: 'SIGTERM' }
const KILL: Effect = { type: 'signal', signal: 'SIGKILL' }
const timer = (ms: number): Effect => ({ type: 'timer', ms })

function enter(proc: Proc, state: ProcState, now: number, change: Partial<Proc> = {}): Proc {
  return { ...proc, settled: false, answered: false, ...change, state, since: now }
}

function starting(proc: Proc, failures: number, policy: Policy, now: number): Step {
  const next = enter(proc, 'starting', now, { want: 'up', pid: null, failures })
  return [next, [timer(policy.startTimeout), ANNOUNCE, { type: 'spawn' }]]
}

function stopping(proc: Proc, change: Partial<Proc>, policy: Policy, now: number): Step {
  return [enter(proc, 'stopping', now, change), [timer(policy.stopTimeout), ANNOUNCE, TERM]]
}

// FATAL and EXITED are the machine's decision, not the operator's: what is wanted stays as it was.
function atRest(proc: Proc, state: 'stopped' | 'exited', now: number): Step {
  const want = state === 'stopped' ? 'down' : proc.want
  return [enter(proc, state, now, { want, pid: null, failures: 0, crashes: [] }), [ANNOUNCE]]
}

function fatal(proc: Proc, policy: Policy, now: number): Step {
  const heal = policy.fatalRetry > 0 ? [timer(policy.fatalRetry)] : []
  return [enter(proc, 'fatal', now, { pid: null }), [...heal, ANNOUNCE]]
}

/** With what led to FATAL still in the books: one more failure leads back there. */
function oneMoreTry(proc: Proc, policy: Policy, now: number): Step {
  const crashes = proc.crashes.slice(0, policy.crashLimit - 1).map(() => now)
  return starting({ ...proc, crashes }, Math.min(proc.failures, policy.startRetries), policy, now)
}

function failed(proc: Proc, failures: number, policy: Policy, now: number): Step {
  const most = policy.startRetries + 1
  if (failures >= most) return fatal({ ...proc, failures: most }, policy, now)
  const wait = timer(backoffMs(failures, policy.jitter))
  return [enter(proc, 'backoff', now, { pid: null, failures }), [wait, ANNOUNCE]]
}

/** It had been serving: settled, or failing for the first time, it comes back at once; a second early death waits. */
function ended(proc: Proc, clean: boolean, policy: Policy, now: number): Step {
  if (policy.restart === 'never' || (policy.restart === 'failure' && clean)) return atRest(proc, 'exited', now)
  const recent = proc.crashes.filter((at) => now - at < policy.crashWindow)
  const crashes = [...recent, now].slice(-policy.crashLimit)
  if (crashes.length >= policy.crashLimit) return fatal({ ...proc, crashes }, policy, now)
  return respawned({ ...proc, crashes }, policy, now)
}

function respawned(proc: Proc, policy: Policy, now: number): Step {
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
  return [enter(proc, state, now, { want: 'up', pid, failures: 0, crashes: [] }), [timer(ms), ANNOUNCE]]
}

const forgiven = (proc: Proc): Proc => ({ ...proc, crashes: [] })

const resting: Row = (proc, event, policy, now) => {
  if (event.type === 'start' || event.type === 'restart') return starting(forgiven(proc), 0, policy, now)
  if (event.type === 'adopted') return adopted(proc, event.pid, event.ready, policy, now)
  if (event.type === 'stop' && proc.state !== 'stopped') return atRest(proc, 'stopped', now)
  if (event.type === 'timeout' && proc.state === 'fatal') {
    // Alone it would only be one more process that fails for ever; with peers at work the cause may have passed.
    if (policy.hasHealthyPeer) return oneMoreTry(proc, policy, now)
    return [proc, policy.fatalRetry > 0 ? [timer(policy.fatalRetry)] : []]
  }
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

function nowRunning(proc: Proc, policy: Policy, now: number): Step {
  return [enter(proc, 'running', now), [timer(policy.stableAfter), ANNOUNCE]]
}

const started: Row = (proc, event, policy, now) => {
  switch (event.type) {
    case 'stop':
      return stopping(proc, { want: 'down', failures: 0, crashes: [] }, policy, now)
    case 'restart':
      return stopping(proc, { failures: 0, crashes: [] }, policy, now)
    case 'ready': {
      const left = policy.startSeconds - (now - proc.since)
      if (left <= 0) return nowRunning(proc, policy, now)
      return proc.answered ? unchanged(proc) : [{ ...proc, answered: true }, [timer(left), ANNOUNCE]]
    }
    case 'exited':
      return failed(proc, proc.failures + 1, policy, now)
    case 'timeout':
      if (proc.answered) return nowRunning(proc, policy, now)
      return stopping(proc, { failures: proc.failures + 1 }, policy, now)
    default:
      return unchanged(proc)
  }
}

const running: Row = (proc, event, policy, now) => {
  switch (event.type) {
    case 'stop':
      return stopping(proc, { want: 'down', failures: 0, crashes: [] }, policy, now)
    case 'restart':
      return stopping(proc, { failures: 0, crashes: [] }, policy, now)
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
      return starting(forgiven(proc), 0, policy, now)
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

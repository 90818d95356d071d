import type { UpstreamEntry } from '@imgsvc/core/child-control'
import type { ProcessInfo } from '@imgsvc/core/control'
import type { StateEvent } from '@imgsvc/core/events'
import type { ProcState } from '@imgsvc/core/process'
import type { Policy, Proc, ProcEvent } from './proc.ts'
import type { Vitals } from './vitals.ts'

/** What the balancers are told about a process in a state. */
export function upstreamState(state: ProcState, draining: boolean): UpstreamEntry['state'] {
  if (state === 'running') return draining ? 'draining' : 'up'
  return state === 'stopping' ? 'draining' : 'down'
}

/** The part of the vitals that `status` shows. */
export function figures({
  rss,
  cpu,
  inFlight,
  loopLagMs,
}: Vitals): Pick<ProcessInfo, 'rss' | 'cpu' | 'inFlight' | 'loopLagMs'> {
  return { rss, cpu, inFlight, loopLagMs }
}

/** `ended 5 times within 60 s; the last time it exited with code 3`. */
export function whyFatal({ crashes }: Proc, { crashWindow }: Policy, last: string | null): string {
  return `ended ${crashes.length} times within ${crashWindow / 1000} s; the last time it ${last ?? 'ended'}`
}

/** States that nobody wishes a process to be in. */
const UNWANTED: ReadonlySet<ProcState> = new Set(['backoff', 'exited', 'fatal'])

/** A change of state as an event. A reason that is known from earlier belongs to it only when nobody asked for this one. */
export function stateEvent(
  facts: Pick<StateEvent, 'process' | 'pid' | 'generation' | 'exit' | 'reason'>,
  from: ProcState,
  to: ProcState,
  cause: ProcEvent['type'],
): StateEvent {
  const endedByItself = cause === 'exited' && (from === 'starting' || from === 'running')
  const isLate = cause === 'timeout' && from === 'starting' && to === 'stopping'
  const reason = UNWANTED.has(to) || endedByItself || isLate ? facts.reason : null
  return {
    ...{ ...facts, reason, type: 'state' },
    from: from.toUpperCase() as StateEvent['from'],
    to: to.toUpperCase() as StateEvent['to'],
  }
}

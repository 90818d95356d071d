import type { UpstreamEntry } from '@imgsvc/core/child-control'
import type { ProcessInfo } from '@imgsvc/core/control'
import type { StateEvent } from '@imgsvc/core/events'
import type { ProcState } from '@imgsvc/core/process'
import type { Policy, Proc } from './proc.ts'
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

/** States that say something went wrong, or may be reached that way. */
const REASONED: ReadonlySet<ProcState> = new Set(['starting', 'stopping', 'backoff', 'exited', 'fatal'])

/** A change of state as an event; a reason belongs to states that something unwanted leads to. */
export function stateEvent(
  facts: Pick<StateEvent, 'process' | 'pid' | 'generation' | 'exit' | 'reason'>,
  from: ProcState,
  to: ProcState,
): StateEvent {
  const reason = REASONED.has(to) ? facts.reason : null
  return {
    ...{ ...facts, reason, type: 'state' },
    from: from.toUpperCase() as StateEvent['from'],
    to: to.toUpperCase() as StateEvent['to'],
  }
}

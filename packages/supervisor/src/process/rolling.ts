import type { ActionResult } from '@imgsvc/core/control'
import { restart } from './actions.ts'
import type { Controller } from './controller.ts'
import type { Roster } from './roster.ts'

/**
 * Restarts processes one at a time, each until it is ready, so that the others keep serving. Ends at the first
 * failure, because the rest would fail the same way and nobody would be left: they keep running and are reported as
 * not restarted. The signal ends it in the same way: everything is being stopped.
 */
export async function rollingRestart(controllers: readonly Controller[], signal: AbortSignal): Promise<ActionResult[]> {
  const results: ActionResult[] = []
  let obstacle: string | undefined
  for (const controller of controllers) {
    if (signal.aborted) obstacle ??= 'imgsvc is stopping'
    const result = obstacle === undefined ? await restart(controller) : notRestarted(controller, obstacle)
    if (!result.ok) obstacle ??= `${result.id} failed`
    results.push(result)
  }
  return results
}

/**
 * The same for any choice of processes, without closing the public port: the kernel's listening socket lives as long as
 * one balancer holds it, so when the only one is restarted, another one serves meanwhile.
 */
export async function restartServing(
  roster: Roster,
  chosen: readonly Controller[],
  signal: AbortSignal,
): Promise<ActionResult[]> {
  const running = roster.list('balancer').filter((balancer) => balancer.state() === 'running')
  const [only] = running
  if (running.length !== 1 || !only || !chosen.includes(only) || signal.aborted) return rollingRestart(chosen, signal)
  const count = roster.list('balancer').length
  // One that does not come up leaves things as they would be without it.
  await roster.scale('balancer', count + 1)
  try {
    return await rollingRestart(chosen, signal)
  } finally {
    if (!signal.aborted) await roster.scale('balancer', count)
  }
}

function notRestarted(controller: Controller, obstacle: string): ActionResult {
  const { id, state, pid } = controller.info()
  return { id, ok: false, state, pid, ms: 0, reason: `not restarted, because ${obstacle}` }
}

import type { ActionResult } from '@imgsvc/core/control'
import { parseProcessId } from '@imgsvc/core/process'
import { restart, start, stop } from './actions.ts'
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
 * Stops processes and starts them when all of them are gone, for those that cannot be replaced one at a time. The signal
 * leaves them stopped.
 */
export async function replaceTogether(
  controllers: readonly Controller[],
  signal: AbortSignal,
): Promise<ActionResult[]> {
  await Promise.all(controllers.map(stop))
  if (signal.aborted) return controllers.map((controller) => notRestarted(controller, 'imgsvc is stopping'))
  return Promise.all(controllers.map(start))
}

/**
 * A rolling restart of any processes that keeps the public port open: the kernel's listening socket lives as long as
 * one balancer holds it, so when the only one is restarted, another one serves meanwhile. With adopted balancers it does
 * close for a moment: they share a socket that no child of this supervisor can have, so all of them have to go first.
 */
export async function restartServing(
  roster: Roster,
  chosen: readonly Controller[],
  signal: AbortSignal,
): Promise<ActionResult[]> {
  const adopted = roster.list('balancer').filter((balancer) => balancer.life()?.isAdopted)
  if (adopted.length > 0 && chosen.some(isBalancer)) return restartWithAdopted(roster, adopted, chosen, signal)
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

async function restartWithAdopted(
  roster: Roster,
  adopted: readonly Controller[],
  chosen: readonly Controller[],
  signal: AbortSignal,
): Promise<ActionResult[]> {
  const balancers = [...new Set([...chosen.filter(isBalancer), ...adopted])]
  const workers = await rollingRestart(
    chosen.filter((controller) => !isBalancer(controller)),
    signal,
  )
  const failed = workers.find((result) => !result.ok)
  const obstacle = failed ? `${failed.id} failed` : 'imgsvc is stopping'
  if (failed || signal.aborted) return [...workers, ...balancers.map((one) => notRestarted(one, obstacle))]
  const count = roster.list('balancer').length
  try {
    // They let go of the port when they are told to stop, long before their last request has ended: one more balancer
    // takes it meanwhile.
    const replaced = replaceTogether(balancers, signal)
    await roster.scale('balancer', count + 1)
    return [...workers, ...(await replaced)]
  } finally {
    if (!signal.aborted) await roster.scale('balancer', count)
  }
}

const isBalancer = ({ id }: Controller) => parseProcessId(id).role === 'balancer'

function notRestarted(controller: Controller, obstacle: string): ActionResult {
  const { id, state, pid } = controller.info()
  return { id, ok: false, state, pid, ms: 0, reason: `not restarted, because ${obstacle}` }
}

import type { ActionResult } from '@imgsvc/core/control'
import { parseProcessId } from '@imgsvc/core/process'
import { restart, start, stop } from './actions.ts'
import type { Controller } from './controller.ts'
import type { Roster } from './roster.ts'
import { notRestarted, type Rollout, restartWithSurge } from './surge.ts'

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
 * A rolling restart of any processes that loses no request: workers with one more beside them (surge.ts), and balancers
 * so that one is always there, because the kernel's listening socket lives as long as one of them holds it. Workers come
 * first; when one fails, the balancers are left alone. Throws what `rollout.accept`
 * throws, with nothing changed, and PORT_TAKEN when there is none for the surge worker.
 */
export async function restartServing(
  roster: Roster,
  chosen: readonly Controller[],
  signal: AbortSignal,
  rollout: Rollout = {},
): Promise<ActionResult[]> {
  const balancers = chosen.filter(isBalancer)
  const workers = await restartWorkers(
    roster,
    chosen.filter((one) => !isBalancer(one)),
    signal,
    rollout,
  )
  const failed = workers.find((result) => !result.ok)
  if (failed) return [...workers, ...balancers.map((one) => notRestarted(one, `${failed.id} failed`))]
  return [...workers, ...(await restartBalancers(roster, balancers, signal))]
}

async function restartWorkers(
  roster: Roster,
  chosen: readonly Controller[],
  signal: AbortSignal,
  rollout: Rollout,
): Promise<ActionResult[]> {
  const workers = chosen.filter((worker) => !worker.isSurge)
  const isServing = workers.some((worker) => worker.state() === 'running')
  if (isServing && !signal.aborted) return restartWithSurge(roster, workers, signal, rollout)
  // Nothing serves that could be spared: no canary is needed to find out whether it gets better.
  if (!signal.aborted) await rollout.accept?.()
  return rollingRestart(workers.length > 0 ? workers : chosen, signal)
}

async function restartBalancers(
  roster: Roster,
  chosen: readonly Controller[],
  signal: AbortSignal,
): Promise<ActionResult[]> {
  if (chosen.length === 0) return []
  const running = roster.list('balancer').filter((balancer) => balancer.state() === 'running')
  const [only] = running
  if (running.length !== 1 || !only || !chosen.includes(only) || signal.aborted) return rollingRestart(chosen, signal)
  const count = roster.count('balancer')
  // One that does not come up leaves things as they would be without it.
  await roster.scale('balancer', count + 1)
  try {
    return await rollingRestart(chosen, signal)
  } finally {
    if (!signal.aborted) await roster.scale('balancer', count)
  }
}

const isBalancer = ({ id }: Controller) => parseProcessId(id).role === 'balancer'

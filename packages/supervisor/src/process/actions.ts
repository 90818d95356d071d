import type { ActionResult } from '@imgsvc/core/control'
import type { ProcState } from '@imgsvc/core/process'
import type { Controller } from './controller.ts'

/** What an operator may do to one process. Each resolves when it is done or has failed, and never rejects. */
export type Action = (controller: Controller) => Promise<ActionResult>

// Above the machine's own timers, which always come first unless the kernel cannot end a process.
const SLACK_MS = 5000
const FAILED: ReadonlySet<ProcState> = new Set(['backoff', 'fatal', 'exited', 'stopped'])

/** Until RUNNING, or the first failure. One that runs already is fine. */
export const start: Action = (controller) =>
  timed(controller, async () => {
    controller.request('start')
    return untilUp(controller, 0)
  })

/** Until STOPPED, by SIGKILL if need be. */
export const stop: Action = (controller) =>
  timed(controller, async () => {
    controller.request('stop')
    const isWanted = () => controller.info().want === 'up'
    const settled = await controller.until(() => controller.state() === 'stopped' || isWanted(), limit(controller))
    if (settled && isWanted()) return 'was started again meanwhile'
    return settled ? undefined : 'could not be ended: the kernel does not report its death'
  })

/** Stops and starts; until RUNNING, or the first failure. One that is stopped is started. */
export const restart: Action = (controller) =>
  timed(controller, async () => {
    const { pid } = controller.info()
    const before = controller.generation()
    controller.request('restart')
    return untilUp(controller, pid === null ? before : before + 1)
  })

/** Out of rotation without stopping; until it is idle, at most `stopTimeout`. */
export const drain: Action = (controller) =>
  timed(controller, async () => {
    if (!controller.drains) return 'only workers can be drained'
    const life = controller.life()
    if (!life || controller.state() !== 'running') return 'is not running'
    await controller.setDraining(true)
    const left = await life.drain(controller.policy().stopTimeout)
    return left === 0 ? undefined : `out of rotation, but ${left} requests are still under way`
  })

/** Back into rotation. */
export const undrain: Action = (controller) =>
  timed(controller, async () => {
    if (!controller.drains) return 'only workers can be drained'
    if (controller.state() !== 'running') return 'is not running'
    await controller.client.call('undrain', {})
    await controller.setDraining(false)
    return undefined
  })

/** Sends a signal, whatever it may do to the process; an end by it counts like any other that nobody ordered. */
export function send(signal: NodeJS.Signals): Action {
  return (controller) =>
    timed(controller, async () => {
      const life = controller.life()
      if (!life) return 'is not running'
      life.kill(signal, false)
      return undefined
    })
}

/** Resolves to why it did not come up. `generation`: the child must be this one or a later one. */
async function untilUp(controller: Controller, generation: number): Promise<string | undefined> {
  const isUp = () => controller.state() === 'running' && controller.generation() >= generation
  const hasFailed = () => FAILED.has(controller.state())
  const settled = await controller.until(() => isUp() || hasFailed(), limit(controller))
  if (isUp()) return undefined
  if (!settled) return 'did not come up in time'
  return controller.info().reason ?? `is ${controller.state()}`
}

function limit(controller: Controller): number {
  const { startTimeout, stopTimeout } = controller.policy()
  return startTimeout + 2 * stopTimeout + SLACK_MS
}

async function timed(controller: Controller, act: () => Promise<string | undefined>): Promise<ActionResult> {
  const begin = controller.clock.monotonic()
  const reason = await act().catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
  const { id, state, pid } = controller.info()
  const ms = Math.round(controller.clock.monotonic() - begin)
  return { id, ok: reason === undefined, state, pid, ms, ...(reason !== undefined && { reason }) }
}

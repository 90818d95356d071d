import type { ActionResult } from '@imgsvc/core/control'
import { restart } from './actions.ts'
import type { Controller } from './controller.ts'

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

function notRestarted(controller: Controller, obstacle: string): ActionResult {
  const { id, state, pid } = controller.info()
  return { id, ok: false, state, pid, ms: 0, reason: `not restarted, because ${obstacle}` }
}

import type { Config } from '@imgsvc/core/config/schema'
import type { ActionResult } from '@imgsvc/core/control'
import { ImgsvcError } from '@imgsvc/core/errors'
import { type Action, restart, start } from './actions.ts'
import type { Controller } from './controller.ts'
import type { Roles } from './roles.ts'
import type { Roster } from './roster.ts'

/*
 * A rolling restart with one worker more, so that never fewer serve than before it:
 *
 *   surge started on a spare port ─► ready ─► self-test ─► in rotation        the surge is the canary
 *        │ fails: it goes, nothing else was touched                           of new code and configuration
 *        ▼
 *   worker:0 stops ─► starts ─► ready ─► self-test ─► in rotation ─► worker:1 …
 *        │ fails: halt; the surge stays until that worker serves again
 *        ▼
 *   surge drained and gone
 */

/** What a canary runs before the others do. */
export interface Trial {
  /** A configuration that is not the one in force, and the file a child reads it from. */
  readonly config?: { readonly value: Config; readonly file: string } | undefined
  /** Programs other than those of the processes at work. */
  readonly roles?: Roles | undefined
}

/** A rolling restart that brings something new. */
export interface Rollout extends Trial {
  /** The canary has passed: makes what it tried the rule for all. Throws what keeps it from being so. */
  readonly accept?: (() => Promise<void>) | undefined
}

/** Longer than a self-test may take by itself. */
const SELF_TEST_MS = 15_000

/**
 * Restarts workers one at a time beside a surge worker that has proved itself first. Never rejects for a process that
 * fails: that one's entry says why, and those after it are reported as not restarted. Throws what `accept` throws.
 */
export async function restartWithSurge(
  roster: Roster,
  workers: readonly Controller[],
  signal: AbortSignal,
  rollout: Rollout = {},
): Promise<ActionResult[]> {
  const surge = await roster.addSurge(rollout)
  const canary = await prove(roster, surge, start)
  if (!canary.ok) {
    await roster.removeSurge(surge)
    await roster.release(surge)
    const reason = `the canary did not pass, nothing else was touched: ${canary.reason}`
    return [{ ...canary, reason }, ...workers.map((one) => notRestarted(one, 'the canary did not pass'))]
  }
  if (signal.aborted) return workers.map((one) => notRestarted(one, 'imgsvc is stopping'))
  await rollout.accept?.().catch(async (error: unknown) => {
    await roster.removeSurge(surge)
    throw error
  })
  roster.endTrial()
  const results = await inTurn(roster, workers, signal)
  const failed = results.find(({ ok }) => !ok)
  if (signal.aborted) return results
  if (!failed) {
    await roster.removeSurge(surge)
    return results
  }
  roster.standIn(surge, workers.find(({ id }) => id === failed.id) as Controller)
  const { id, port } = surge
  const reason = `${failed.reason}; ${id} on port ${port} stays and serves in its place until it is back`
  return results.map((result) => (result === failed ? { ...failed, reason } : result))
}

async function inTurn(roster: Roster, workers: readonly Controller[], signal: AbortSignal): Promise<ActionResult[]> {
  const results: ActionResult[] = []
  let obstacle: string | undefined
  for (const worker of workers) {
    if (signal.aborted) obstacle ??= 'imgsvc is stopping'
    const result = obstacle === undefined ? await prove(roster, worker, restart) : notRestarted(worker, obstacle)
    if (!result.ok) obstacle ??= `${result.id} failed`
    results.push(result)
  }
  return results
}

/**
 * Starts or restarts a worker that gets no request before it has passed the self-test. A surge that fails is held back
 * still; another one comes back by itself, or stays out of rotation where it can be looked at.
 */
async function prove(roster: Roster, worker: Controller, action: Action): Promise<ActionResult> {
  roster.hold(worker)
  const result = await action(worker)
  const reason = result.ok ? await failedTest(worker) : undefined
  if (worker.isSurge && (!result.ok || reason !== undefined)) return { ...result, ok: false, ...(reason && { reason }) }
  if (reason !== undefined) await worker.setDraining(true)
  await roster.release(worker)
  return reason === undefined ? result : { ...result, ok: false, reason: `${reason}; taken out of rotation` }
}

async function failedTest(worker: Controller): Promise<string | undefined> {
  try {
    await worker.client.call('selfTest', {}, { timeoutMs: SELF_TEST_MS })
    return undefined
  } catch (error) {
    if (error instanceof ImgsvcError && error.code === 'SELF_TEST_FAILED') return error.message
    return `the self-test had no result: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** The entry of a process that was left as it was. */
export function notRestarted(controller: Controller, obstacle: string): ActionResult {
  const { id, state, pid } = controller.info()
  return { id, ok: false, state, pid, ms: 0, reason: `not restarted, because ${obstacle}` }
}

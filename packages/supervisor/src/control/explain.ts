import type { ExplainParams } from '@imgsvc/core/child-control'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { Explanation } from '@imgsvc/core/explanation'
import type { Controller } from '../process/controller.ts'

// The worker keeps its own deadline; this much later it is not coming any more.
const GRACE_MS = 5000

/** Asks a running worker for the plan of one URL, the least busy first. Throws NO_WORKER, NOT_RUNNING, DEADLINE. */
export async function explainUrl(
  controllers: readonly Controller[],
  params: ExplainParams,
  { deadlineMs, signal }: { readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<Explanation> {
  const worker = controllers
    .filter((one) => one.id.startsWith('worker:') && one.state() === 'running' && !one.isLost())
    .sort((a, b) => (a.info().inFlight ?? 0) - (b.info().inFlight ?? 0))[0]
  if (!worker) throw new ImgsvcError('NO_WORKER', 'the plan is made by a running worker; `imgsvc status` shows them')
  return worker.client.call('explain', params, { timeoutMs: deadlineMs + GRACE_MS, signal })
}

import { toImgsvcError } from '@imgsvc/core/errors'
import type { StopReason } from './supervisor-options.ts'

/** The end of everything, once. */
export interface Shutdown {
  /** Fires when it begins. */
  readonly signal: AbortSignal
  /** Resolves when it is over. Never rejects. */
  readonly stopped: Promise<StopReason>
  /** Begins it; later calls wait for the first. `timeoutMs` replaces `workers.stopTimeout`. */
  begin(reason: StopReason, timeoutMs?: number): Promise<StopReason>
}

/**
 * `steps` run one after the other; one that fails is the reason in the end, but does not keep the others from running:
 * the state directory must be free whatever happened.
 */
export function createShutdown(
  steps: readonly ((timeoutMs: number | undefined, reason: StopReason) => unknown)[],
): Shutdown {
  const stopping = new AbortController()
  let resolveStopped: (reason: StopReason) => void = () => {}
  const stopped = new Promise<StopReason>((resolve) => {
    resolveStopped = resolve
  })

  async function run(reason: StopReason, timeoutMs: number | undefined): Promise<void> {
    let outcome = reason
    for (const step of steps) {
      try {
        await step(timeoutMs, reason)
      } catch (error) {
        outcome = { kind: 'failed', error: toImgsvcError(error) }
      }
    }
    resolveStopped(outcome)
  }

  return {
    signal: stopping.signal,
    stopped,
    begin(reason, timeoutMs) {
      if (!stopping.signal.aborted) {
        stopping.abort()
        void run(reason, timeoutMs)
      }
      return stopped
    },
  }
}

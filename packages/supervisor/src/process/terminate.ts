import type { ControllerOptions } from './controller.ts'
import type { Life } from './life.ts'

// Part of stopTimeout that stays between the end of draining and SIGKILL, for the child's own exit.
const EXIT_GRACE_MS = 1000

/** Out of rotation, idle, SIGTERM: nothing under way is lost. SIGKILL is the machine's timer. */
export async function terminate(target: Life, options: ControllerOptions): Promise<void> {
  const { stopTimeout, stopSignal } = options.policy()
  // A process that has never served has nothing to finish.
  if (options.drains && target.hasServed()) {
    await options.outOfRotation()
    await target
      .drain(Math.max(0, stopTimeout - Math.min(EXIT_GRACE_MS, stopTimeout / 4)))
      .catch((error: unknown) => options.log.debug({ err: error, process: options.id }, 'no answer to drain'))
  }
  target.kill(stopSignal)
}

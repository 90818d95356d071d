import type { Clock } from '@imgsvc/core/clock'
import type { Logger } from '@imgsvc/core/log'

export interface RunDirKeeperOptions {
  readonly clock: Clock
  readonly log: Logger
  /** Each puts back what is missing of its own and does nothing else; may throw the system's error. */
  readonly restore: readonly (() => void)[]
}

const CHECK_MS = 1000

/**
 * Looks every second whether the files of the supervisor are still in `run`, which somebody may clear: children that
 * start need them, and so does the next `up`, to see that this one is taken. Sockets and run files of children are kept
 * by those who own them. A disk that fails is reported once and tried again.
 */
export function keepRunDir({ clock, log, restore }: RunDirKeeperOptions): { close(): void } {
  let isFailing = false
  let cancel = clock.timer(CHECK_MS, check)

  function check(): void {
    try {
      for (const one of restore) one()
      isFailing = false
    } catch (error) {
      if (!isFailing) log.error({ err: error }, 'the run directory cannot be restored; it is tried again')
      isFailing = true
    }
    cancel = clock.timer(CHECK_MS, check)
  }

  return { close: () => cancel() }
}

import { EXIT } from '@imgsvc/core/child-process'
import type { Clock } from '@imgsvc/core/clock'
import type { HostPort } from '@imgsvc/core/config/setting'
import type { Logger } from '@imgsvc/core/log'
import { isFree } from '../ports.ts'
import type { Controller } from './controller.ts'

/** Brings processes back whose port somebody else had taken, as soon as it is free. */
export interface PortWatch {
  /** A process has changed. */
  changed(controller: Controller): void
  close(): void
}

export interface PortWatchOptions {
  readonly clock: Clock
  readonly log: Logger
  /** Where a process listens. */
  addressOf(controller: Controller): HostPort
}

const POLL_MS = 1000

/**
 * A look at the port every second costs nothing, while a start costs half a second of CPU: so the pause between tries,
 * which grows up to half a minute, is for other failures, and this one ends with its cause.
 */
export function createPortWatch({ clock, log, addressOf }: PortWatchOptions): PortWatch {
  const timers = new Map<Controller, () => void>()
  let isClosed = false

  function isKeptOut(controller: Controller): boolean {
    const { want, lastExit } = controller.info()
    const state = controller.state()
    return want === 'up' && (state === 'backoff' || state === 'fatal') && lastExit?.code === EXIT.portTaken
  }

  function watch(controller: Controller): void {
    if (isClosed || timers.has(controller)) return
    timers.set(
      controller,
      clock.timer(POLL_MS, () => {
        look(controller).catch((error: unknown) => log.error({ err: error }, 'looking at a port failed'))
      }),
    )
  }

  async function look(controller: Controller): Promise<void> {
    const isFreeNow = isKeptOut(controller) && (await isFree(addressOf(controller)))
    timers.delete(controller)
    if (isClosed || !isKeptOut(controller)) return
    if (!isFreeNow) return watch(controller)
    log.info({ process: controller.id, port: controller.port }, 'the port is free again')
    controller.request('start')
  }

  return {
    changed(controller) {
      if (isKeptOut(controller)) watch(controller)
    },
    close() {
      isClosed = true
      for (const cancel of timers.values()) cancel()
      timers.clear()
    },
  }
}

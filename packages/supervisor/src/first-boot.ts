import { ImgsvcError } from '@imgsvc/core/errors'
import type { Controller } from './process/controller.ts'
import type { Roster } from './process/roster.ts'

export interface FirstBootOptions {
  readonly roster: () => Roster
  /** Called once, when the first worker is ready: brings the balancers to their number. */
  startBalancers(): void
  print(line: string): void
}

/**
 * The order of the first start: nothing reaches the public port before a worker can answer. Adopted balancers serve
 * already; they count once a worker does, too.
 */
export interface FirstBoot {
  /** Resolves when a balancer is ready; rejects with PROCESS_FAILED when none can be. */
  readonly ready: Promise<void>
  /** A process changed. */
  changed(controller: Controller): void
  /** Nothing more will come of it: everything is being stopped. */
  close(): void
}

export function createFirstBoot({ roster, startBalancers, print }: FirstBootOptions): FirstBoot {
  const { promise, resolve, reject } = withResolvers()
  let released = false
  let over = false
  // Whoever does not wait for it must not be ended by its rejection.
  promise.catch(() => undefined)

  function tell(controller: Controller): void {
    const { state, reason } = controller.info()
    if (state === 'BACKOFF') print(`${controller.id} did not start: ${reason}; trying again`)
    else if (state === 'FATAL') print(`${controller.id} did not start: ${reason}; giving up`)
  }

  return {
    ready: promise,
    changed(controller) {
      if (over) return
      const [workers, balancers] = [roster().list('worker'), roster().list('balancer')]
      tell(controller)
      if (!released && workers.some(isRunning)) {
        released = true
        startBalancers()
      }
      if (released && balancers.some(isRunning)) {
        over = true
        resolve()
      }
      const hopeless = [workers, balancers].find((group) => group.length > 0 && group.every(isFatal))
      if (hopeless && !over) {
        const { id, reason } = (hopeless[0] as Controller).info()
        reject(new ImgsvcError('PROCESS_FAILED', `${id}: ${reason}`))
      }
    },
    close() {
      over = true
    },
  }
}

const isRunning = (controller: Controller) => controller.state() === 'running'
const isFatal = (controller: Controller) => controller.state() === 'fatal'

/** Promise.withResolvers, which Node 20 lacks. */
function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let [resolve, reject]: [() => void, (error: Error) => void] = [() => {}, () => {}]
  const promise = new Promise<void>((yes, no) => {
    ;[resolve, reject] = [yes, no]
  })
  return { promise, resolve, reject }
}

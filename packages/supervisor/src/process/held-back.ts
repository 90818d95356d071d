import type { Controller } from './controller.ts'

/** Processes that run but may not serve yet: the balancers do not hear of them. */
export interface HeldBack {
  /** Its next child gets no request before `release`; the one at work goes on. */
  hold(controller: Controller): void
  /** Resolves once the balancers know of it. */
  release(controller: Controller): Promise<void>
}

export interface HeldBackOptions {
  /** Something has changed that the balancers should know. */
  update(): void
  /** Resolves when they do. */
  delivered(): Promise<void>
}

/** `isHeld` answers for a process of this moment. */
export function holdBack(options: HeldBackOptions): HeldBack & { isHeld(controller: Controller): boolean } {
  /** The last generation that may serve. */
  const held = new Map<Controller, number>()
  return {
    isHeld(controller) {
      const served = held.get(controller)
      return served !== undefined && controller.state() === 'running' && controller.generation() > served
    },
    hold(controller) {
      held.set(controller, controller.generation())
    },
    async release(controller) {
      held.delete(controller)
      options.update()
      await options.delivered()
    },
  }
}

import { ImgsvcError } from '@imgsvc/core/errors'
import type { Logger } from '@imgsvc/core/log'
import { isFree } from '../ports.ts'
import { stop } from './actions.ts'
import type { Controller } from './controller.ts'
import { processId } from './roles.ts'
import type { Trial } from './surge.ts'

/** The additional workers of rolling restarts; usually none, or one for as long as such a restart lasts. */
export interface Surges {
  /** One more worker, not started yet, on the first free port behind the others. Throws PORT_TAKEN when there is none. */
  addSurge(trial?: Trial): Promise<Controller>
  /** What the surge workers tried is in force now. */
  endTrial(): void
  /** This process runs what is not in force yet. */
  isOnTrial(controller: Controller): boolean
  /** Drains it, stops it and forgets it. */
  removeSurge(surge: Controller): Promise<void>
  removeSurges(): Promise<void>
  /** The surge stays until the other one serves again, or is not wanted any more. */
  standIn(surge: Controller, forWhom: Controller): void
}

export interface SurgesOptions {
  /** Where the next one would be if no port were taken. */
  first(): { readonly index: number; readonly port: number }
  make(place: { readonly index: number; readonly port: number }, trial: () => Trial | undefined): Controller
  removed(): void
  readonly log: Logger
}

/** Ports that are tried. */
const MAX_TRIES = 64

export function createSurges({ first, make, removed, log }: SurgesOptions) {
  let surges: readonly Controller[] = []
  const trials = new Map<Controller, Trial>()
  const standsFor = new Map<Controller, Controller>()

  async function removeSurge(surge: Controller): Promise<void> {
    standsFor.delete(surge)
    await stop(surge)
    surges = surges.filter((other) => other !== surge)
    trials.delete(surge)
    removed()
  }

  function isNeeded(replaced: Controller): boolean {
    const { want, draining } = replaced.info()
    return want === 'up' && (replaced.state() !== 'running' || draining)
  }

  const own: Surges = {
    async addSurge(trial = {}) {
      const { index, port } = await freePlace(first(), surges)
      const surge: Controller = make({ index, port }, () => trials.get(surge))
      trials.set(surge, trial)
      surges = [...surges, surge]
      return surge
    },
    endTrial: () => trials.clear(),
    isOnTrial: (controller) => trials.has(controller),
    removeSurge,
    async removeSurges() {
      await Promise.all(surges.map(removeSurge))
    },
    standIn(surge, forWhom) {
      standsFor.set(surge, forWhom)
    },
  }
  return {
    ...own,
    list: () => surges,
    /** A process has changed: a surge that stood in for it may have become superfluous. */
    changed(controller: Controller): void {
      for (const [surge, replaced] of standsFor) {
        if (replaced !== controller || isNeeded(replaced)) continue
        log.info({ process: surge.id, replaced: replaced.id }, 'the surge worker is not needed any more')
        standsFor.delete(surge)
        removeSurge(surge).catch((error: unknown) => log.error({ err: error }, 'a surge worker cannot be removed'))
      }
    },
  }
}

async function freePlace(
  from: { readonly index: number; readonly port: number },
  taken: readonly Controller[],
): Promise<{ readonly index: number; readonly port: number }> {
  const ids = new Set<string>(taken.map(({ id }) => id))
  let { index } = from
  while (ids.has(processId('worker', index))) index++
  for (let port = from.port; port < from.port + MAX_TRIES && port <= 65_535; port++) {
    if (await isFree({ host: '127.0.0.1', port })) return { index, port }
  }
  const detail = `no port for one more worker: ${from.port} to ${Math.min(65_535, from.port + MAX_TRIES - 1)} are taken`
  throw new ImgsvcError('PORT_TAKEN', detail)
}

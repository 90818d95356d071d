import type { ActionResult, UpgradeResult } from '@imgsvc/core/control'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { Logger } from '@imgsvc/core/log'
import type { Controller } from './process/controller.ts'
import { restartServing } from './process/rolling.ts'
import type { Roster } from './process/roster.ts'
import type { Succession } from './supervisor-options.ts'

export interface UpgradeOptions {
  readonly roster: Roster
  readonly log: Logger
  readonly stopping: AbortSignal
  /** Version of this supervisor. */
  readonly version: string
  readonly succession: Succession | undefined
  /** Leaves everything to the successor, once this upgrade has been answered. */
  handOver(): void
}

/** Rolls the processes onto the code on disk. Throws UPGRADE_FAILED, with nothing changed. */
export type Upgrade = () => Promise<UpgradeResult>

/**
 * The successor of this supervisor is started first, to see that its code loads and reads the configuration, and waits.
 * Then a canary with the new code, the workers, the balancers, and last the supervisor itself, which leaves without
 * touching a process: its successor adopts them all.
 */
export function createUpgrade({ roster, log, stopping, version, succession, handOver }: UpgradeOptions): Upgrade {
  return async () => {
    if (!succession) throw new ImgsvcError('UPGRADE_FAILED', 'this supervisor was not started by `imgsvc up`')
    const heir = await succession.prepare()
    try {
      const answer = { from: version, to: heir.version }
      log.info({ ...answer, roles: heir.roles }, 'upgrade begins')
      // A process that an operator has stopped stays so as long as this supervisor decides.
      const wanted = [...roster.list('worker'), ...roster.list('balancer')].filter(isWanted)
      const accept = async () => roster.useRoles(heir.roles)
      const actions = await restartServing(roster, wanted, stopping, { roles: heir.roles, accept })
      if (stopping.aborted || actions.some((action) => !action.ok)) {
        heir.cancel()
        log.error({ ...answer, actions: actions.filter(hasFailed) }, 'upgrade given up')
        return { ...answer, actions, supervisor: 'none' }
      }
      log.info(answer, 'the supervisor hands over')
      handOver()
      return { ...answer, actions, supervisor: succession.kind }
    } catch (error) {
      heir.cancel()
      throw error
    }
  }
}

const isWanted = (controller: Controller) => controller.info().want === 'up'
const hasFailed = ({ ok }: ActionResult) => !ok

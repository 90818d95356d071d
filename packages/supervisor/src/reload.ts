import { diffConfig } from '@imgsvc/core/config/diff'
import type { ControlResult } from '@imgsvc/core/control'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { Logger } from '@imgsvc/core/log'
import { checkPorts, workerPort } from './ports.ts'
import { workerCount } from './process/roles.ts'
import { restartServing } from './process/rolling.ts'
import type { Roster } from './process/roster.ts'
import { keepingWhole, type ReloadPlan, reloadPlan } from './reload-plan.ts'
import { type Settings, withConfig } from './settings.ts'

export interface ReloadOptions {
  readonly roster: Roster
  readonly log: Logger
  readonly stopping: AbortSignal
  current(): Settings
  read(): Promise<Settings>
  /** Makes settings those in force: for this process, for children that start, and for those that run. */
  adopt(settings: Settings): Promise<void>
}

/** Applies a changed configuration. Throws CONFIG_INVALID and the like before anything has changed, PROCESS_FAILED after. */
export type Reload = (options: { readonly dryRun: boolean }) => Promise<ControlResult<'config.reload'>>

/**
 * Reads and checks first: a mistake changes nothing. Then the live settings, the numbers of processes and, rolling, the
 * processes that read the others at their start.
 */
export function createReload(options: ReloadOptions): Reload {
  const { roster, log } = options

  async function scale({ scale: roles }: ReloadPlan, { loaded: { config } }: Settings): Promise<void> {
    if (roles.includes('worker')) await roster.scale('worker', workerCount(config))
    // Before the first worker is ready there are none, and their first start reads the new number.
    const serving = roster.list('balancer').length > 0
    if (serving && roles.includes('balancer')) await roster.scale('balancer', config.balancer.count)
  }

  async function restart({ restart: roles }: ReloadPlan): Promise<void> {
    for (const role of roles) {
      const results = await restartServing(roster, roster.list(role), options.stopping)
      const failed = results.find((result) => !result.ok)
      if (failed) throw new ImgsvcError('PROCESS_FAILED', `${failed.id}: ${failed.reason}; the others were left alone`)
    }
  }

  async function checkNewPorts({ scale: roles }: ReloadPlan, { loaded: { config } }: Settings): Promise<void> {
    if (!roles.includes('worker')) return
    const present = roster.list('worker').length
    const added = Array.from({ length: Math.max(0, workerCount(config) - present) }, (_, n) => present + n)
    await checkPorts(added.map((index) => workerPort(config, index)))
  }

  return async ({ dryRun }) => {
    try {
      const old = options.current()
      const wanted = await options.read()
      const diff = diffConfig(old.loaded.config, wanted.loaded.config)
      const plan = reloadPlan(diff)
      const answer = { changed: diff.changed, needRestart: plan.whole }
      if (dryRun) return answer
      const next = withConfig(wanted, keepingWhole(old.loaded.config, wanted.loaded.config))
      await checkNewPorts(plan, next)
      if (options.stopping.aborted) throw new ImgsvcError('NOT_RUNNING', 'imgsvc is stopping')
      await options.adopt(next)
      if (!options.stopping.aborted) await scale(plan, next)
      await restart(plan)
      log.info({ ...answer, restarted: plan.restart }, 'configuration reloaded')
      return answer
    } catch (error) {
      log.error({ err: error }, 'reload failed')
      throw error
    }
  }
}

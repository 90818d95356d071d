import { diffConfig } from '@imgsvc/core/config/diff'
import type { ControlResult } from '@imgsvc/core/control'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { Logger } from '@imgsvc/core/log'
import type { Role } from '@imgsvc/core/process'
import { checkPorts, workerPort } from './ports.ts'
import { workerCount } from './process/roles.ts'
import { restartServing } from './process/rolling.ts'
import type { Roster } from './process/roster.ts'
import type { Rollout } from './process/surge.ts'
import { keepingWhole, type ReloadPlan, reloadPlan } from './reload-plan.ts'
import { type Settings, withConfig } from './settings.ts'

export interface ReloadOptions {
  readonly roster: Roster
  readonly log: Logger
  readonly stopping: AbortSignal
  current(): Settings
  read(): Promise<Settings>
  /** Saves settings where a canary reads them; the file. */
  stage(settings: Settings): string
  unstage(): void
  /** Makes settings those in force: for this process, for children that start, and for those that run. */
  adopt(settings: Settings): Promise<void>
}

/** Applies a changed configuration. Throws CONFIG_INVALID and the like before anything has changed, PROCESS_FAILED after. */
export type Reload = (options: { readonly dryRun: boolean }) => Promise<ControlResult<'config.reload'>>

/**
 * Reads and checks first: a mistake changes nothing. Settings that workers read at their start are tried by a canary,
 * and become those in force when it has passed; when it has not, everything is as before. Then follow the workers
 * themselves, rolling, the numbers of processes, and the balancers.
 */
export function createReload(options: ReloadOptions): Reload {
  const { roster, log } = options

  async function scale({ scale: roles }: ReloadPlan, { loaded: { config } }: Settings): Promise<void> {
    if (roles.includes('worker')) await roster.scale('worker', workerCount(config))
    // Before the first worker is ready there are none, and their first start reads the new number.
    const serving = roster.count('balancer') > 0
    if (serving && roles.includes('balancer')) await roster.scale('balancer', config.balancer.count)
  }

  /** Throws PROCESS_FAILED with what a process that failed said, and with what is in force now. */
  async function restart(role: Role, next: Settings, rollout: Rollout = {}): Promise<void> {
    const present = role === 'worker' ? roster.list(role).slice(0, workerCount(next.loaded.config)) : roster.list(role)
    const results = await restartServing(roster, present, options.stopping, rollout)
    const failed = results.find((result) => !result.ok)
    if (!failed) return
    const outcome = options.current() === next ? 'the others were left alone' : 'the configuration in force stays'
    throw new ImgsvcError('PROCESS_FAILED', `${failed.id}: ${failed.reason}; ${outcome}`)
  }

  async function adoptTried(next: Settings): Promise<void> {
    const file = options.stage(next)
    try {
      await restart('worker', next, {
        config: { value: next.loaded.config, file },
        accept: () => options.adopt(next),
      })
    } finally {
      options.unstage()
    }
  }

  async function checkNewPorts({ scale: roles }: ReloadPlan, { loaded: { config } }: Settings): Promise<void> {
    if (!roles.includes('worker')) return
    const present = roster.count('worker')
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
      if (plan.restart.includes('worker')) await adoptTried(next)
      else await options.adopt(next)
      if (!options.stopping.aborted) await scale(plan, next)
      if (plan.restart.includes('balancer')) await restart('balancer', next)
      log.info({ ...answer, restarted: plan.restart }, 'configuration reloaded')
      return answer
    } catch (error) {
      log.error({ err: error }, 'reload failed')
      throw error
    }
  }
}

import { diffConfig } from '@imgsvc/core/config/diff'
import { configHash } from '@imgsvc/core/config/resolved'
import type { Config } from '@imgsvc/core/config/schema'
import type { Logger } from '@imgsvc/core/log'
import { parseProcessId, type Role } from '@imgsvc/core/process'
import type { Controller } from './process/controller.ts'
import { portOf, workerCount } from './process/roles.ts'
import { replaceTogether, restartServing } from './process/rolling.ts'
import type { Roster } from './process/roster.ts'
import type { Survivor } from './process/survivors.ts'
import { type ReloadPlan, reloadPlan } from './reload-plan.ts'
import type { Serial } from './serial.ts'
import type { Settings } from './settings.ts'

export interface ResumeOptions {
  readonly roster: Roster
  readonly log: Logger
  readonly stopping: AbortSignal
  readonly survivors: readonly Survivor[]
  /** The configuration they were given last; undefined when it is lost. */
  readonly previous: Config | undefined
  current(): Settings
  /** Tells a process to read the configuration in force. */
  configure(controller: Controller): Promise<void>
}

const ROLES: readonly Role[] = ['worker', 'balancer']

/** Takes over what an earlier supervisor left running and starts what is missing; nobody loses a request by it. */
export async function populate(options: ResumeOptions, serial: Serial): Promise<void> {
  const { roster, survivors } = options
  roster.adopt(survivors)
  await roster.scale('worker', workerCount(options.current().loaded.config))
  if (survivors.length > 0) await serial(() => bringUpToDate(options))
}

/**
 * Brings adopted children to the configuration in force, as a reload would: those on a port that is no longer
 * configured are replaced together (the new ports may be the old ones of others), those with another configuration are
 * told to read it or, where that is not enough, restarted one at a time. What fails shows in the states; throws
 * PORT_TAKEN when there is none for a surge worker.
 */
async function bringUpToDate(options: ResumeOptions): Promise<void> {
  const { roster, log, stopping } = options
  for (const role of ROLES) {
    const adopted = roster.list(role).filter((controller) => controller.life()?.isAdopted)
    const misplaced = adopted.filter((controller) => isMisplaced(controller, options.current().loaded.config))
    const others = adopted.filter((controller) => !misplaced.includes(controller))
    const outdated = others.filter((controller) => needsRestart(controller, options))
    const chosen = [...misplaced, ...outdated].map(({ id }) => id)
    if (chosen.length > 0) log.warn({ processes: chosen }, 'adopted processes are replaced: the configuration changed')
    if (misplaced.length > 0 && !stopping.aborted) await replaceTogether(misplaced, stopping)
    if (outdated.length > 0) await restartServing(roster, outdated, stopping)
    await Promise.all(
      others.filter((one) => !outdated.includes(one) && isOutdated(one, options)).map((one) => options.configure(one)),
    )
  }
}

function isMisplaced({ id, port }: Controller, config: Config): boolean {
  const { role, index } = parseProcessId(id)
  const wanted = portOf(role, index, config)
  // Port 0 is any.
  return wanted !== 0 && wanted !== port
}

const survivorOf = ({ id, life }: Controller, { survivors }: ResumeOptions) =>
  survivors.find((survivor) => survivor.id === id && survivor.pid === life()?.pid)

function isOutdated(controller: Controller, options: ResumeOptions): boolean {
  const survivor = survivorOf(controller, options)
  return survivor !== undefined && survivor.configHash !== options.current().hash
}

function needsRestart(controller: Controller, options: ResumeOptions): boolean {
  if (!isOutdated(controller, options)) return false
  const { previous } = options
  // Nobody knows what it runs with: better sure than fast.
  if (!previous || configHash(previous) !== survivorOf(controller, options)?.configHash) return true
  const plan = reloadPlan(diffConfig(previous, options.current().loaded.config))
  return concerns(plan, parseProcessId(controller.id).role)
}

/** What needs `down` and `up` otherwise is as good as a restart here: the supervisor is a new one already. */
function concerns({ restart, whole }: ReloadPlan, role: Role): boolean {
  const section = role === 'worker' ? 'workers' : 'balancer'
  if (whole.includes(`${section}.user`) || whole.includes(`${section}.group`)) return true
  return restart.includes(role) || whole.includes('logs.dir') || (role === 'balancer' && whole.includes('listen'))
}

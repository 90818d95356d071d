import { formatHostPort } from '@imgsvc/core/config/setting'
import type { SupervisorInfo } from '@imgsvc/core/control'
import type { Controller } from './process/controller.ts'
import type { Roster } from './process/roster.ts'
import type { SpareInfo } from './process/spare.ts'
import type { Settings } from './settings.ts'

/** What a supervisor knows of itself. */
export interface SupervisorFacts {
  readonly version: string
  /** Epoch ms. */
  readonly since: number
  readonly stateDir: string
  readonly roster: Roster
  spare(): SpareInfo | undefined
  /** Those in force. */
  settings(): Settings
}

/** Those facts as they are told, at this moment. */
export function supervisorInfo({ version, since, stateDir, roster, settings, spare }: SupervisorFacts): SupervisorInfo {
  const { config, file } = settings().loaded
  return {
    version,
    pid: process.pid,
    since,
    stateDir,
    configFile: file ?? null,
    listen: formatHostPort(config.listen),
    admin: formatHostPort(config.admin.listen),
    spare: config.workers.spare === 0 ? null : (spare() ?? { state: 'none', pid: null, rss: null }),
    ready: roster.list('balancer').some(isRunning) && roster.list('worker').some(isRunning),
  }
}

const isRunning = (controller: Controller) => controller.state() === 'running'

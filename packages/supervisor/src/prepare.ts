import { join } from 'node:path'
import { systemClock } from '@imgsvc/core/clock'
import { createLog, type LogHandle } from '@imgsvc/core/log'
import type { StatePaths } from '@imgsvc/core/state-dir'
import { OWN_LOG } from './logs/files.ts'
import { type Claim, claimStateDir } from './pidfile.ts'
import { checkPorts, neededPorts } from './ports.ts'
import { findOrphans, stopOrphans } from './process/orphans.ts'
import { type Roles, workerCount } from './process/roles.ts'
import { readSettings, type Settings, type SettingsSource } from './settings.ts'
import { makeDirectory, prepareStateDir } from './state.ts'

/** Everything that must be in order before the first process is started. */
export interface Prepared {
  readonly paths: StatePaths
  readonly settings: Settings
  readonly log: LogHandle
  /** Where the configuration comes from; read again by every reload. */
  readonly source: SettingsSource
  /** Gives the state directory back. */
  release(): Promise<void>
}

/**
 * Takes the state directory, reads the configuration, stops what an earlier supervisor left behind and looks at the
 * ports. When it throws, nothing of it stays: ALREADY_RUNNING, STATE_DIR_UNUSABLE, CONFIG_INVALID, CONFIG_UNREADABLE,
 * PORT_TAKEN, PROCESS_FAILED.
 */
export async function prepare(
  stateDir: string,
  roles: Roles,
  from: Omit<SettingsSource, 'keyPath'>,
): Promise<Prepared> {
  const paths = prepareStateDir(stateDir)
  const source = { ...from, keyPath: paths.key }
  const claim = await claimStateDir(paths)
  let log: LogHandle | undefined
  try {
    const settings = await readSettings(source)
    const { logs } = settings.loaded.config
    makeDirectory(logs.dir, 0o750, 'change logs.dir')
    const base = { id: 'supervisor', pid: process.pid }
    log = createLog({ file: join(logs.dir, OWN_LOG), level: logs.level, base })
    for (const warning of settings.loaded.warnings ?? []) log.log.warn(warning)
    await endOrphans(claim, paths, roles, settings, log)
    await checkPorts(neededPorts(settings.loaded.config, workerCount(settings.loaded.config)))
    const handle = log
    return { paths, settings, log: handle, source, release: () => release(claim, handle) }
  } catch (error) {
    await release(claim, log)
    throw error
  }
}

async function endOrphans(
  claim: Claim,
  paths: StatePaths,
  roles: Roles,
  settings: Settings,
  { log }: LogHandle,
): Promise<void> {
  const orphans = claim.orphansPossible ? await findOrphans({ paths, roles }) : []
  const { stopTimeout } = settings.loaded.config.workers
  await stopOrphans(orphans, { paths, roles, clock: systemClock, log, stopTimeout })
}

async function release(claim: Claim, log: LogHandle | undefined): Promise<void> {
  claim.release()
  await log?.close()
}

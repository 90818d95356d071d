import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '@imgsvc/core/clock'
import { parseResolvedConfig } from '@imgsvc/core/config/resolved'
import type { Config } from '@imgsvc/core/config/schema'
import { createLog, type LogHandle } from '@imgsvc/core/log'
import type { StatePaths } from '@imgsvc/core/state-dir'
import { openDirectories, openStores } from './account-files.ts'
import { OWN_LOG } from './logs/files.ts'
import { type Claim, claimStateDir } from './pidfile.ts'
import { checkPorts, neededPorts } from './ports.ts'
import { type Roles, workerCount } from './process/roles.ts'
import { findSurvivors, type Survivor } from './process/survivors.ts'
import { readSettings, type Settings, type SettingsSource } from './settings.ts'
import { makeDirectory, prepareStateDir } from './state.ts'

/** Everything that must be in order before the first process is started. */
export interface Prepared {
  readonly paths: StatePaths
  readonly settings: Settings
  readonly log: LogHandle
  /** Where the configuration comes from; read again by every reload. */
  readonly source: SettingsSource
  /** Children of an earlier supervisor that are still at work. */
  readonly survivors: readonly Survivor[]
  /** The configuration that supervisor gave them; undefined when it is lost. */
  readonly previous: Config | undefined
  /** Writes the record of the claim again when it was removed. Throws ALREADY_RUNNING, STATE_DIR_UNUSABLE. */
  restoreClaim(): void
  /** Gives the state directory back. */
  release(): Promise<void>
}

/**
 * Takes the state directory, reads the configuration, looks for what an earlier supervisor left behind and at the
 * ports. Children left behind are not touched, whatever happens here. When it throws, nothing of it stays: ALREADY_RUNNING, STATE_DIR_UNUSABLE, CONFIG_INVALID, CONFIG_UNREADABLE,
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
    openDirectories(paths, settings.loaded.config, settings.accounts)
    openStores(settings.loaded.config, settings.accounts)
    const base = { id: 'supervisor', pid: process.pid }
    log = createLog({ ...logs, file: join(logs.dir, OWN_LOG), base })
    for (const warning of settings.loaded.warnings ?? []) log.log.warn(warning)
    const survivors = claim.orphansPossible ? await findSurvivors({ paths, roles, clock: systemClock }) : []
    const needed = neededPorts(settings.loaded.config, workerCount(settings.loaded.config))
    await checkPorts(needed, new Set(survivors.map(({ port }) => port)))
    const handle = log
    const previous = readPrevious(paths)
    return {
      paths,
      settings,
      log: handle,
      source,
      survivors,
      previous,
      restoreClaim: claim.restore,
      release: () => release(claim, handle),
    }
  } catch (error) {
    await release(claim, log)
    throw error
  }
}

function readPrevious(paths: StatePaths): Config | undefined {
  try {
    return parseResolvedConfig(readFileSync(paths.config, 'utf8'))
  } catch {
    return undefined // the first start, or another version's: adopted children are restarted to be sure
  }
}

async function release(claim: Claim, log: LogHandle | undefined): Promise<void> {
  claim.release()
  await log?.close()
}

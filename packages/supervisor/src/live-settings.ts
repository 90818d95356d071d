import { existsSync, rmSync } from 'node:fs'
import { writeFileAtomic } from '@imgsvc/core/atomic-file'
import type { Config } from '@imgsvc/core/config/schema'
import type { LogHandle } from '@imgsvc/core/log'
import type { StatePaths } from '@imgsvc/core/state-dir'
import { openDirectories, settingsMode } from './account-files.ts'
import type { Controller } from './process/controller.ts'
import type { Settings } from './settings.ts'
import { makeDirectory, STATE_DIR_HINT } from './state.ts'

export interface LiveSettingsOptions {
  readonly paths: StatePaths
  readonly log: LogHandle
  readonly initial: Settings
  controllers(): readonly Controller[]
}

/** The settings in force, in this process, in `run/config.json` and in the children. */
export interface LiveSettings {
  current(): Settings
  config(): Config
  /** Replaces them. Throws the system's error when they cannot be saved; nothing has changed then. */
  adopt(next: Settings): Promise<void>
  /** Saves settings for a canary, while the others keep theirs; the path of the file. Throws the system's error. */
  stage(next: Settings): string
  /** Removes what was staged. */
  unstage(): void
  /** Puts the saved settings back when they were removed: a child reads them as it starts. Never throws. */
  restore(): void
  /** Tells one process to read them. Never rejects. */
  configure(controller: Controller): Promise<void>
  /** A process has just become ready: it may have read the file before it was replaced. Never rejects. */
  welcome(controller: Controller): Promise<void>
}

const CONFIGURE_MS = 2000

/** Saves the initial settings for the children. Throws the system's error. */
export function createLiveSettings({ paths, log, initial, controllers }: LiveSettingsOptions): LiveSettings {
  let current = initial
  save(initial)
  // A supervisor that was killed in the middle of a reload left it.
  rmSync(paths.trialConfig, { force: true })

  // References to secrets stay references; the mode is for literal ones.
  function save({ loaded }: Settings, path = paths.config): void {
    writeFileAtomic(path, `${JSON.stringify(loaded.config)}\n`, settingsMode(initial.accounts))
  }

  async function configure({ id, client }: Controller): Promise<void> {
    try {
      await client.call('configure', { configHash: current.hash }, { timeoutMs: CONFIGURE_MS })
    } catch (error) {
      log.log.warn({ err: error, process: id }, 'a process did not take the configuration')
    }
  }

  return {
    current: () => current,
    config: () => current.loaded.config,
    async adopt(next) {
      save(next)
      current = next
      log.configure(next.loaded.config.logs)
      await Promise.all(
        controllers()
          .filter((controller) => controller.state() === 'running')
          .map(configure),
      )
    },
    stage(next) {
      save(next, paths.trialConfig)
      return paths.trialConfig
    },
    unstage() {
      rmSync(paths.trialConfig, { force: true })
    },
    restore() {
      if (existsSync(paths.config)) return
      try {
        makeDirectory(paths.run, 0o700, STATE_DIR_HINT)
        openDirectories(paths, current.loaded.config, initial.accounts)
        save(current)
        log.log.warn({ path: paths.config }, 'the settings for the processes had been removed; written again')
      } catch (error) {
        log.log.error(
          { err: error, path: paths.config },
          'the settings for the processes were removed and cannot be written',
        )
      }
    },
    configure,
    async welcome(controller) {
      if (current !== initial) await configure(controller)
    },
  }
}

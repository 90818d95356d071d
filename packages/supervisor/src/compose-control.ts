import { systemClock } from '@imgsvc/core/clock'
import type { ControlHandlers, SupervisorInfo } from '@imgsvc/core/control'
import { toImgsvcError } from '@imgsvc/core/errors'
import { createHandlers } from './control/handlers.ts'
import type { LiveSettings } from './live-settings.ts'
import { reopenAll } from './logs/files.ts'
import type { Outlets } from './outlets.ts'
import type { Prepared } from './prepare.ts'
import type { Roster } from './process/roster.ts'
import { createReload } from './reload.ts'
import type { Serial } from './serial.ts'
import { readSettings } from './settings.ts'
import type { Shutdown } from './shutdown.ts'
import type { SupervisorOptions } from './supervisor-options.ts'
import { createUpgrade } from './upgrade.ts'

/** What the control methods act on. */
export interface ControlParts {
  readonly prepared: Prepared
  readonly live: LiveSettings
  readonly roster: Roster
  readonly outlets: Outlets
  /** Changes of several processes, one after the other. */
  readonly serial: Serial
  readonly options: SupervisorOptions
  info(): SupervisorInfo
}

/** The control methods, and what signals do. */
export interface Control {
  readonly handlers: ControlHandlers
  /** A reload that nobody waits for: what comes of it is printed and logged. */
  reload(): void
  reopenLogs(): Promise<number>
}

/** Puts reload, upgrade and the control methods together. */
export function composeControl(parts: ControlParts, shutdown: Shutdown): Control {
  const { prepared, live, roster, outlets, serial, options, info } = parts
  const { log: handle, source } = prepared
  const reload = outlets.told(
    createReload({
      roster,
      log: handle.log,
      stopping: shutdown.signal,
      current: live.current,
      read: () => readSettings(source),
      stage: live.stage,
      unstage: live.unstage,
      adopt: live.adopt,
    }),
  )
  const reopenLogs = async () => {
    handle.reopen()
    return 1 + (await reopenAll(roster.list()))
  }
  const handlers = createHandlers({
    roster,
    logs: {
      dir: () => live.config().logs.dir,
      select: (selectors) => roster.select(selectors).map(({ id }) => id),
      clock: systemClock,
    },
    events: outlets.bus,
    reload,
    serial,
    stopping: shutdown.signal,
    info,
    loaded: () => live.current().loaded,
    upgrade: createUpgrade({
      roster,
      log: handle.log,
      stopping: shutdown.signal,
      version: options.version,
      succession: options.succession,
      handOver: () => void shutdown.begin({ kind: 'handover' }),
    }),
    shutdown: (timeoutMs) => void shutdown.begin({ kind: 'shutdown' }, timeoutMs),
    reopenLogs,
  })
  return {
    handlers,
    reopenLogs,
    reload() {
      serial(() => reload({ dryRun: false })).catch((error: unknown) => options.print?.(toImgsvcError(error).message))
    },
  }
}

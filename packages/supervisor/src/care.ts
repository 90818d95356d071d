import { systemClock } from '@imgsvc/core/clock'
import type { Config } from '@imgsvc/core/config/schema'
import type { Crash } from '@imgsvc/core/crash'
import type { Logger } from '@imgsvc/core/log'
import type { StatePaths } from '@imgsvc/core/state-dir'
import { createCrashRecorder } from './crashes/recorder.ts'
import { createCrashStore } from './crashes/store.ts'
import type { Controller } from './process/controller.ts'
import { createRecycler } from './process/recycler.ts'
import { restartServing } from './process/rolling.ts'
import type { Roster } from './process/roster.ts'
import type { Serial } from './serial.ts'

export interface CareOptions {
  readonly paths: StatePaths
  readonly log: Logger
  readonly serial: Serial
  roster(): Roster
  config(): Config
}

/** What is done about processes that crash or wear out, beside starting them again. */
export interface Care {
  /** A process has answered a heartbeat. */
  beat(controller: Controller): void
  /** A process has ended against its will. */
  crashed(crash: Crash): void
  /** Replaces nothing any more: everything is being stopped. */
  close(): void
}

export function createCare({ paths, log, serial, roster, config }: CareOptions): Care {
  const stopping = new AbortController()
  const record = createCrashRecorder({
    paths,
    store: createCrashStore({ dir: paths.crashes, log }),
    balancers: () => roster().list('balancer'),
  })
  const crashed = (crash: Crash) => void record(crash)
  const recycler = createRecycler({
    clock: systemClock,
    log,
    random: Math.random,
    settings: () => config().workers,
    replace: (controller, isStillDue) =>
      serial(async () => {
        if (!isStillDue() || stopping.signal.aborted) return
        const [result] = await restartServing(roster(), [controller], stopping.signal)
        if (result && !result.ok) log.error({ process: controller.id, reason: result.reason }, 'replacing it failed')
      }),
    crashed,
  })
  return { beat: recycler.beat, crashed, close: () => stopping.abort() }
}

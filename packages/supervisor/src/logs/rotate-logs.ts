import { systemClock } from '@imgsvc/core/clock'
import type { LogHandle } from '@imgsvc/core/log'
import type { EventBus } from '../events/bus.ts'
import type { LiveSettings } from '../live-settings.ts'
import type { OwnMetrics } from '../metrics/own.ts'
import type { Roster } from '../process/roster.ts'
import { rotatedLogs } from './files.ts'
import { createRotator, type Rotator } from './rotate/rotator.ts'

export interface RotateLogsOptions {
  readonly live: LiveSettings
  readonly roster: Roster
  readonly own: OwnMetrics
  /** Where rotations are told. */
  readonly bus: Pick<EventBus, 'publish'>
  /** The log of this process. */
  readonly log: LogHandle
}

/** Rotates the logs of this process and of all children, by the settings of each moment. */
export function rotateLogs({ live, roster, own, bus, log }: RotateLogsOptions): Rotator {
  return createRotator({
    dir: live.config().logs.dir,
    clock: systemClock,
    log: log.log,
    policy: () => live.config().logs,
    logs: () => rotatedLogs(roster.list(), log.reopen),
    counts: {
      ...own.logs,
      rotated(result, file) {
        own.logs.rotated(result, file)
        bus.publish({ type: 'rotation', ok: result === 'ok', file })
      },
    },
  })
}

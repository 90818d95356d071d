import { maskSecrets } from '@imgsvc/core/config/secrets'
import type { ActionResult, ControlHandlers, SupervisorInfo } from '@imgsvc/core/control'
import { parseControlParams } from '@imgsvc/core/control-params'
import { ImgsvcError } from '@imgsvc/core/errors'
import { signalOf } from '@imgsvc/core/signal-name'
import type { EventBus } from '../events/bus.ts'
import { clearLogs } from '../logs/clear.ts'
import { processStats } from '../metrics/stats.ts'
import { checkPorts, workerPort } from '../ports.ts'
import { type Action, drain, send, start, stop, undrain } from '../process/actions.ts'
import type { Controller } from '../process/controller.ts'
import { restartServing } from '../process/rolling.ts'
import type { Roster } from '../process/roster.ts'
import type { Reload } from '../reload.ts'
import type { Serial } from '../serial.ts'
import type { LoadedConfig } from '../supervisor-options.ts'
import type { Upgrade } from '../upgrade.ts'
import { explainUrl } from './explain.ts'
import { type LogSources, streamLogs } from './stream.ts'

export interface HandlerContext {
  readonly roster: Roster
  readonly logs: LogSources
  readonly events: Pick<EventBus, 'stream'>
  readonly reload: Reload
  /** Changes of several processes run one after the other. */
  readonly serial: Serial
  /** Fires when everything is being stopped. */
  readonly stopping: AbortSignal
  readonly upgrade: Upgrade
  info(): SupervisorInfo
  loaded(): LoadedConfig
  /** Begins to stop everything. */
  shutdown(timeoutMs: number | undefined): void
  reopenLogs(): Promise<number>
}

/** Every control method over the parts that carry it out; params are checked here. */
export function createHandlers(context: HandlerContext): ControlHandlers {
  const { roster, stopping, serial } = context

  /** What would start something must not work against a shutdown. */
  function refuseWhenStopping(): void {
    if (stopping.aborted) throw new ImgsvcError('NOT_RUNNING', 'imgsvc is stopping')
  }

  function each(select: readonly string[], action: Action): Promise<ActionResult[]> {
    refuseWhenStopping()
    return together(roster.select(select), action)
  }

  function byRole(select: readonly string[]): { workers: readonly Controller[]; balancers: readonly Controller[] } {
    refuseWhenStopping()
    const chosen = roster.select(select)
    return { workers: chosen.filter(isWorker), balancers: chosen.filter((controller) => !isWorker(controller)) }
  }

  return {
    'supervisor.info': async (params) => {
      parseControlParams('supervisor.info', params)
      return context.info()
    },
    'supervisor.upgrade': async (params) => {
      parseControlParams('supervisor.upgrade', params)
      refuseWhenStopping()
      return serial(() => {
        refuseWhenStopping() // it may have waited for its turn
        return context.upgrade()
      })
    },
    'supervisor.shutdown': async (params) => {
      context.shutdown(parseControlParams('supervisor.shutdown', params).timeoutMs)
      return { stopping: true }
    },
    'process.list': async (params) => {
      const { select } = parseControlParams('process.list', params)
      return roster.select(select).map((controller) => controller.info())
    },
    'process.stats': async (params) => {
      const { select } = parseControlParams('process.stats', params)
      return processStats(roster.select(select), context.logs.clock)
    },
    // Requests find what they need at any moment: workers come before the balancers and go after them.
    'process.start': async (params) => {
      const { workers, balancers } = byRole(parseControlParams('process.start', params).select)
      const started = await together(workers, start)
      refuseWhenStopping() // meanwhile it may have begun
      return [...started, ...(await together(balancers, start))]
    },
    'process.stop': async (params) => {
      const { workers, balancers } = byRole(parseControlParams('process.stop', params).select)
      return [...(await together(balancers, stop)), ...(await together(workers, stop))]
    },
    'process.signal': async (params) => {
      const { select, signal } = parseControlParams('process.signal', params)
      return each(select, send(signalOf(signal) as NodeJS.Signals))
    },
    'process.drain': async (params) => each(parseControlParams('process.drain', params).select, drain),
    'process.undrain': async (params) => each(parseControlParams('process.undrain', params).select, undrain),
    'process.restart': async (params) => {
      const { select } = parseControlParams('process.restart', params)
      refuseWhenStopping()
      const chosen = workersFirst(roster.select(select))
      return serial(() => restartServing(roster, chosen, stopping))
    },
    'process.scale': async (params) => {
      const { workers } = parseControlParams('process.scale', params)
      refuseWhenStopping()
      return serial(async () => {
        await roster.removeSurges()
        const present = roster.count('worker')
        const added = Array.from({ length: Math.max(0, workers - present) }, (_, n) => present + n)
        await checkPorts(added.map((index) => workerPort(context.loaded().config, index)))
        refuseWhenStopping() // it may have waited for its turn
        return roster.scale('worker', workers)
      })
    },
    'config.reload': async (params) => {
      const { dryRun = false } = parseControlParams('config.reload', params)
      refuseWhenStopping()
      return serial(() => context.reload({ dryRun }))
    },
    'config.show': async (params) => {
      parseControlParams('config.show', params)
      const { config, origins } = context.loaded()
      return { config: maskSecrets(config), origins }
    },
    'picture.explain': async (params, signal) =>
      explainUrl(roster.list(), parseControlParams('picture.explain', params), {
        deadlineMs: context.loaded().config.workers.deadline,
        signal,
      }),
    'log.tail': async (params, signal) => streamLogs(context.logs, parseControlParams('log.tail', params), signal),
    'log.reopen': async (params) => {
      parseControlParams('log.reopen', params)
      return { reopened: await context.reopenLogs() }
    },
    'log.clear': async (params) => {
      const chosen = roster.select(parseControlParams('log.clear', params).select)
      return clearLogs(
        context.logs.dir(),
        chosen.map(({ id }) => id),
      )
    },
    events: async (params, signal) => context.events.stream(parseControlParams('events', params), signal),
  }
}

const isWorker = ({ id }: Controller) => id.startsWith('worker:')
const together = (controllers: readonly Controller[], action: Action) => Promise.all(controllers.map(action))

function workersFirst(controllers: readonly Controller[]): readonly Controller[] {
  return [...controllers.filter(isWorker), ...controllers.filter((controller) => !isWorker(controller))]
}

import { systemClock } from '@imgsvc/core/clock'
import type { ControlMethods } from '@imgsvc/core/control'
import type { Crash } from '@imgsvc/core/crash'
import { toImgsvcError } from '@imgsvc/core/errors'
import { rpcClient } from '@imgsvc/core/rpc-client'
import { createEventBus, type EventBus } from './events/bus.ts'
import { createHooks } from './events/hooks.ts'
import type { LiveSettings } from './live-settings.ts'
import type { OwnMetrics } from './metrics/own.ts'
import { notifyThrough } from './notify/notify-socket.ts'
import { createSystemd, NO_SYSTEMD, type Systemd } from './notify/systemd.ts'
import type { Prepared } from './prepare.ts'
import type { Controller } from './process/controller.ts'
import type { Reload } from './reload.ts'
import type { StopReason } from './supervisor-options.ts'

export interface OutletOptions {
  readonly prepared: Prepared
  readonly live: LiveSettings
  readonly own: OwnMetrics
  readonly env: Readonly<Record<string, string | undefined>>
  readonly bus: EventBus
  processes(): readonly Controller[]
}

/** All who are told what happens: readers of events, hooks, and the init system. */
export interface Outlets {
  readonly bus: EventBus
  started(): void
  ready(): void
  stopping(reason: StopReason): void
  /** A reload that is told about. */
  told(reload: Reload): Reload
  close(): Promise<void>
}

const HEALTH_MS = 2000

/** A bus on the system's clock. */
export const createBus = () => createEventBus({ clock: systemClock })

export function createOutlets(options: OutletOptions): Outlets {
  const { prepared, live, own, env, bus } = options
  const { log } = prepared.log
  const systemd = systemdOf(options)
  const hooks = createHooks({
    bus,
    log,
    env,
    clock: systemClock,
    settings: () => live.config().hooks,
    secret: () => live.current().hookSecret,
    counted: own.hooked,
  })
  const ignore = bus.listen(({ type }) => {
    if (type === 'state') systemd.status(statusText(options.processes()))
  })
  return {
    bus,
    started: () => bus.publish({ type: 'supervisor', to: 'started', pid: process.pid }),
    ready() {
      systemd.status(statusText(options.processes()))
      systemd.ready()
      bus.publish({ type: 'supervisor', to: 'ready', pid: process.pid })
    },
    stopping({ kind }) {
      // Whoever hands over goes on serving; systemd will see it end and start the successor.
      if (kind !== 'handover') systemd.stopping()
      bus.publish({ type: 'supervisor', to: kind === 'handover' ? 'handover' : 'stopping', pid: process.pid })
    },
    told: (reload) => async (request) => {
      if (request.dryRun) return reload(request)
      try {
        const answer = await systemd.reloading(() => reload(request))
        bus.publish({ type: 'reload', ok: true, reason: null, ...answer })
        return answer
      } catch (error) {
        const reason = toImgsvcError(error).message
        bus.publish({ type: 'reload', ok: false, reason, changed: [], needRestart: [] })
        throw error
      }
    },
    async close() {
      ignore()
      await Promise.all([hooks.close(), systemd.close()])
    },
  }
}

function systemdOf({ prepared, env }: OutletOptions): Systemd {
  if (!env.NOTIFY_SOCKET) return NO_SYSTEMD
  const own = rpcClient<ControlMethods>(prepared.paths.supervisorSocket)
  return createSystemd({
    notify: notifyThrough(env),
    env,
    pid: process.pid,
    clock: systemClock,
    log: prepared.log.log,
    healthy: () =>
      own.call('supervisor.info', {}, { timeoutMs: HEALTH_MS }).then(
        ({ pid }) => pid === process.pid,
        () => false,
      ),
  })
}

/** `2 of 2 workers, 1 of 1 balancers`. */
export function statusText(processes: readonly Pick<Controller, 'id' | 'state'>[]): string {
  const count = (role: string) => {
    const all = processes.filter(({ id }) => id.startsWith(role))
    return `${all.filter(({ state }) => state() === 'running').length} of ${all.length} ${role}s`
  }
  return `${count('worker')}, ${count('balancer')}`
}

/** A crash as an event; the record has more. */
export function crashEvent({ process, pid, generation, reason: cause, message, code, signal, at }: Crash) {
  return { type: 'crash', process, pid, generation, cause, reason: message, exit: { code, signal, at } } as const
}

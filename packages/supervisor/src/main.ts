import { systemClock } from '@imgsvc/core/clock'
import { formatHostPort } from '@imgsvc/core/config/setting'
import type { ControlHandlers, SupervisorInfo } from '@imgsvc/core/control'
import { toImgsvcError } from '@imgsvc/core/errors'
import type { Logger } from '@imgsvc/core/log'
import { serveAdmin } from './control/admin.ts'
import { createHandlers } from './control/handlers.ts'
import { serveControl } from './control/server.ts'
import { createFirstBoot, type FirstBoot } from './first-boot.ts'
import { createLiveSettings, type LiveSettings } from './live-settings.ts'
import { reopenAll, rotatedLogs } from './logs/files.ts'
import { createRotator, type Rotator } from './logs/rotator.ts'
import { collectMetrics } from './metrics/collect.ts'
import { createOwnMetrics, type OwnMetrics } from './metrics/own.ts'
import { type Prepared, prepare } from './prepare.ts'
import { spawnChild } from './process/child.ts'
import type { Controller } from './process/controller.ts'
import { builtRoles, type Roles, workerCount } from './process/roles.ts'
import { createRoster, type Roster } from './process/roster.ts'
import { createReload } from './reload.ts'
import { bringUpToDate } from './resume.ts'
import { createSerial, type Serial } from './serial.ts'
import { readSettings } from './settings.ts'
import { createShutdown, type Shutdown } from './shutdown.ts'
import { handleSignals } from './signals.ts'
import type { RunningSupervisor, SupervisorOptions } from './supervisor-options.ts'

/*
 * Composition root of the supervisor.
 *
 *   imgsvc CLI ── run/supervisor.sock ──┐                        ┌── first-boot    workers before balancers
 *   browser, Prometheus ── admin port ──┤                        │
 *                                       ▼                        │
 *                                   handlers ──► reload ──► roster ──► controller ──► machine   (one per process)
 *                                       │                    │            │
 *                                       ▼                    ▼            ├── spawn, signals: child.ts (node:cluster)
 *                          tail, metrics, rotator        announcer        ├── a dead supervisor's children: adopted-child.ts
 *                                       │                    │            └── run/<id>.sock: ready? health, drain
 *                                       │                    │
 *                                  logs/*.log         run/upstreams.json, balancers
 *
 * Nothing here is needed to serve a picture: when this process dies, balancers and workers go on.
 */

/** What all parts of one supervisor share. */
interface Parts {
  readonly prepared: Prepared
  readonly live: LiveSettings
  readonly roster: Roster
  readonly own: OwnMetrics
  readonly firstBoot: FirstBoot
  /** Changes of several processes, one after the other. */
  readonly serial: Serial
  readonly options: SupervisorOptions
  readonly since: number
}

/**
 * Starts imgsvc: resolves when the control socket and the admin port answer and the workers are being started; `ready`
 * tells when the public port answers. Throws, with nothing left behind: ALREADY_RUNNING, STATE_DIR_UNUSABLE,
 * CONFIG_INVALID, CONFIG_UNREADABLE, PORT_TAKEN, PROCESS_FAILED.
 */
export async function runSupervisor(options: SupervisorOptions): Promise<RunningSupervisor> {
  const roles = options.roles ?? builtRoles()
  const env = options.env ?? process.env
  const prepared = await prepare(options.stateDir, roles, { load: options.load, env })
  try {
    return await serve(createParts(options, roles, prepared))
  } catch (error) {
    await prepared.release()
    throw error
  }
}

/** Everything below the control API; nothing is started yet. */
function createParts(options: SupervisorOptions, roles: Roles, prepared: Prepared): Parts {
  const { paths, log: handle, settings } = prepared
  const { log } = handle
  const live = createLiveSettings({ paths, log: handle, initial: settings, controllers: () => roster.list() })
  const firstBoot = createFirstBoot({
    roster: () => roster,
    print: options.print ?? (() => {}),
    startBalancers: () => background(log, roster.scale('balancer', live.config().balancer.count)),
  })
  const roster = createRoster({
    paths,
    roles,
    spawn(program, onExit) {
      live.restore()
      return spawnChild(program, onExit)
    },
    clock: systemClock,
    log,
    config: live.config,
    changed(controller) {
      if (isRunning(controller)) background(log, live.welcome(controller))
      firstBoot.changed(controller)
    },
  })
  const own = createOwnMetrics(handle.dropped)
  return { prepared, live, roster, own, firstBoot, serial: createSerial(), options, since: systemClock.now() }
}

/** Opens the control socket and the admin port, then adopts the children that are there and starts the others. */
async function serve(parts: Parts): Promise<RunningSupervisor> {
  const { prepared, live, roster, own, firstBoot, options } = parts
  const { paths, log: handle } = prepared
  const { log } = handle
  const closing: (() => unknown)[] = []
  let releaseSignals = () => {}
  const shutdown = createShutdown([
    () => firstBoot.close(),
    () => log.info('imgsvc is stopping'),
    (timeoutMs) => roster.stopAll(timeoutMs),
    () => Promise.all(closing.map((close) => close())),
    () => log.info('imgsvc has stopped'),
    () => prepared.release(),
    // Last: until then one more Ctrl-C must not cut the stop short.
    () => releaseSignals(),
  ])
  const { handlers, reload, reopenLogs } = createControl(parts, shutdown)

  const control = await serveControl(paths.supervisorSocket, handlers, log)
  closing.push(control.close, roster.close, own.close)
  const admin = await serveAdmin({
    listen: live.config().admin.listen,
    handlers,
    log,
    token: () => live.current().adminToken,
    metrics: () => collectMetrics({ controllers: roster.list, own, log }),
  }).catch(async (error: unknown) => {
    await control.close()
    throw error
  })
  closing.push(admin.close, createLogRotation(parts).close)
  if (options.handleSignals !== false) {
    const stop = (signal: string) => void shutdown.begin({ kind: 'signal', signal })
    releaseSignals = handleSignals({ stop, reload, reopenLogs: () => background(log, reopenLogs()) })
  }

  log.info({ info: infoOf(parts), node: process.version }, 'imgsvc starts')
  if (prepared.settings.keyGenerated) options.print?.(`made a signing key: ${paths.key}`)
  const running: RunningSupervisor = {
    info: () => infoOf(parts),
    config: live.config,
    ready: firstBoot.ready,
    stopped: shutdown.stopped,
    stop: async (timeoutMs) => void (await shutdown.begin({ kind: 'shutdown' }, timeoutMs)),
  }
  firstBoot.ready.then(
    () => {
      log.info('the public port answers')
      options.onReady?.(running)
    },
    (error: unknown) => log.error({ err: error }, 'the public port cannot answer'),
  )
  background(log, populate(parts, shutdown.signal))
  return running
}

/** Takes over what an earlier supervisor left running and starts what is missing; nobody loses a request by it. */
async function populate({ prepared, live, roster, serial }: Parts, stopping: AbortSignal): Promise<void> {
  const { survivors, previous, log } = prepared
  roster.adopt(survivors)
  await roster.scale('worker', workerCount(live.config()))
  if (survivors.length === 0) return
  const { current, configure } = live
  await serial(() => bringUpToDate({ roster, log: log.log, stopping, survivors, previous, current, configure }))
}

interface Control {
  readonly handlers: ControlHandlers
  /** A reload that nobody waits for: what comes of it is printed and logged. */
  reload(): void
  reopenLogs(): Promise<number>
}

function createControl(parts: Parts, shutdown: Shutdown): Control {
  const { prepared, live, roster, serial, options } = parts
  const { log: handle, source } = prepared
  const reload = createReload({
    roster,
    log: handle.log,
    stopping: shutdown.signal,
    current: live.current,
    read: () => readSettings(source),
    adopt: live.adopt,
  })
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
    reload,
    serial,
    stopping: shutdown.signal,
    info: () => infoOf(parts),
    loaded: () => live.current().loaded,
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

function createLogRotation({ prepared, live, roster, own }: Parts): Rotator {
  const { log: handle } = prepared
  return createRotator({
    dir: live.config().logs.dir,
    clock: systemClock,
    log: handle.log,
    policy: () => live.config().logs,
    logs: () => rotatedLogs(roster.list(), handle.reopen),
    counted: own.rotated,
  })
}

function infoOf({ prepared, live, roster, options, since }: Parts): SupervisorInfo {
  const config = live.config()
  return {
    version: options.version,
    pid: process.pid,
    since,
    stateDir: prepared.paths.root,
    configFile: live.current().loaded.file ?? null,
    listen: formatHostPort(config.listen),
    admin: formatHostPort(config.admin.listen),
    ready: roster.list('balancer').some(isRunning) && roster.list('worker').some(isRunning),
  }
}

const isRunning = (controller: Controller) => controller.state() === 'running'

/** Work nobody waits for; its results are in the states of the processes. */
function background(log: Logger, work: Promise<unknown>): void {
  work.catch((error: unknown) => log.error({ err: error }, 'a background task failed'))
}

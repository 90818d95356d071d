import { dirname } from 'node:path'
import { systemClock } from '@imgsvc/core/clock'
import type { Logger } from '@imgsvc/core/log'
import { createMoment } from '@imgsvc/core/moment'
import type { ProcessId } from '@imgsvc/core/process'
import { handOver } from './account-files.ts'
import { type Care, createCare } from './care.ts'
import { composeControl } from './compose-control.ts'
import { serveAdmin } from './control/admin.ts'
import { serveControl } from './control/server.ts'
import { createFirstBoot, type FirstBoot } from './first-boot.ts'
import { createLiveSettings, type LiveSettings } from './live-settings.ts'
import { rotateLogs } from './logs/rotate-logs.ts'
import { collectMetrics } from './metrics/collect.ts'
import { createOwnMetrics, type OwnMetrics } from './metrics/own.ts'
import { crashEvent, createBus, createOutlets, type Outlets } from './outlets.ts'
import { type Prepared, prepare } from './prepare.ts'
import { type ChildProgram, spawnChild, spawnWaiting } from './process/child.ts'
import type { Controller } from './process/controller.ts'
import { createPortWatch, type PortWatch } from './process/port-watch.ts'
import { builtRoles, type Roles } from './process/roles.ts'
import { createRoster, type Roster } from './process/roster.ts'
import { createSpare, type Spare } from './process/spare.ts'
import { populate } from './resume.ts'
import { keepRunDir } from './run-dir-keeper.ts'
import { createSerial, type Serial } from './serial.ts'
import { createShutdown } from './shutdown.ts'
import { handleSignals } from './signals.ts'
import { type SupervisorFacts, supervisorInfo } from './supervisor-info.ts'
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
  readonly care: Care
  readonly ports: PortWatch
  readonly spare: Spare
  readonly outlets: Outlets
  /** Changes of several processes, one after the other. */
  readonly serial: Serial
  readonly options: SupervisorOptions
  readonly since: () => number
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
  const serial = createSerial()
  const care = createCare({ paths, log, serial, roster: () => roster, config: live.config })
  const ports = createPortWatch({
    clock: systemClock,
    log,
    addressOf: ({ id, port }) => ({ host: id.startsWith('worker') ? '127.0.0.1' : live.config().listen.host, port }),
  })
  const bus = createBus()
  const roster = createRoster({
    paths,
    roles,
    spawn(program, onExit) {
      live.restore()
      prepareFor(program, prepared)
      return spare.spawn(program, onExit)
    },
    clock: systemClock,
    log,
    config: live.config,
    accounts: settings.accounts,
    changed(controller) {
      // A canary has settings of its own.
      if (isRunning(controller) && !roster.isOnTrial(controller)) background(log, live.welcome(controller))
      firstBoot.changed(controller)
      ports.changed(controller)
    },
    beat: care.beat,
    moved: bus.publish,
    crashed(crash) {
      bus.publish(crashEvent(crash))
      care.crashed(crash)
    },
  })
  const own = createOwnMetrics(handle.dropped)
  const spare = createSpare({
    ...{ clock: systemClock, log, spawn: spawnChild, spawnWaiting },
    program: roster.spareProgram,
    isCalm: roster.isCalm,
    startTimeout: () => live.config().workers.startTimeout,
    asked: own.spareAsked,
  })
  const env = options.env ?? process.env
  const outlets = createOutlets({ prepared, live, own, env, bus, processes: () => roster.list() })
  return {
    prepared,
    live,
    roster,
    own,
    firstBoot,
    care,
    ports,
    spare,
    outlets,
    serial,
    options,
    since: createMoment(systemClock),
  }
}

/** Opens the control socket and the admin port, then adopts the children that are there and starts the others. */
async function serve(parts: Parts): Promise<RunningSupervisor> {
  const { prepared, live, roster, own, firstBoot, outlets, options } = parts
  const { paths, log: handle } = prepared
  const { log } = handle
  const closing: (() => unknown)[] = []
  let releaseSignals = () => {}
  const shutdown = createShutdown([
    () => firstBoot.close(),
    () => parts.care.close(),
    () => parts.ports.close(),
    () => parts.spare.close(),
    (_, { kind }) => log.info({ kind }, kind === 'handover' ? 'leaving' : 'imgsvc is stopping'),
    (_, reason) => outlets.stopping(reason),
    (timeoutMs, { kind }) => (kind === 'handover' ? roster.letGo() : roster.stopAll(timeoutMs)),
    () => Promise.all(closing.map((close) => close())),
    () => outlets.close(),
    (_, { kind }) => log.info({ kind }, kind === 'handover' ? 'left' : 'imgsvc has stopped'),
    () => prepared.release(),
    // Last: until then one more Ctrl-C must not cut the stop short.
    () => releaseSignals(),
  ])
  const { handlers, reload, reopenLogs } = composeControl(
    { ...parts, info: () => supervisorInfo(factsOf(parts)) },
    shutdown,
  )

  const control = await serveControl(paths.supervisorSocket, handlers, log)
  closing.push(control.close, roster.close, own.close)
  const admin = await serveAdmin({
    listen: live.config().admin.listen,
    handlers,
    log,
    token: () => live.current().adminToken,
    metrics: () => collectMetrics({ controllers: roster.list, spare: parts.spare.info, own, log }),
  }).catch(async (error: unknown) => {
    await control.close()
    throw error
  })
  const restore = [() => live.restore(), () => roster.restore(), prepared.restoreClaim]
  closing.push(
    admin.close,
    rotateLogs({ live, roster, own, bus: outlets.bus, log: handle }).close,
    keepRunDir({ clock: systemClock, log, restore }).close,
  )
  if (options.handleSignals !== false) {
    const stop = (signal: string) => void shutdown.begin({ kind: 'signal', signal })
    releaseSignals = handleSignals({ stop, reload, reopenLogs: () => background(log, reopenLogs()) })
  }

  log.info({ info: supervisorInfo(factsOf(parts)), node: process.version }, 'imgsvc starts')
  outlets.started()
  if (prepared.settings.keyGenerated) options.print?.(`made a signing key: ${paths.key}`)
  const running: RunningSupervisor = {
    info: () => supervisorInfo(factsOf(parts)),
    config: live.config,
    ready: firstBoot.ready,
    stopped: shutdown.stopped,
    stop: async (timeoutMs) => void (await shutdown.begin({ kind: 'shutdown' }, timeoutMs)),
  }
  firstBoot.ready.then(
    () => {
      log.info('the public port answers')
      outlets.ready()
      options.onReady?.(running)
    },
    (error: unknown) => log.error({ err: error }, 'the public port cannot answer'),
  )
  background(log, populate({ ...prepared, ...live, roster, log, stopping: shutdown.signal }, parts.serial))
  return running
}

function factsOf({ prepared, live, roster, spare, options, since }: Parts): SupervisorFacts {
  const { root: stateDir } = prepared.paths
  return { version: options.version, since: since(), stateDir, settings: live.current, roster, spare: spare.info }
}

function prepareFor({ account, env, stderrFile }: ChildProgram, { paths }: Prepared): void {
  if (account) handOver(paths, dirname(stderrFile), env.IMGSVC_CHILD_ID as ProcessId, account)
}

const isRunning = (controller: Controller) => controller.state() === 'running'

/** Work nobody waits for; its results are in the states of the processes. */
function background(log: Logger, work: Promise<unknown>): void {
  work.catch((error: unknown) => log.error({ err: error }, 'a background task failed'))
}

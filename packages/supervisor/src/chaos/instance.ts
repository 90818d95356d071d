import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ControlMethods, ProcessInfo } from '@imgsvc/core/control'
import { type RpcClient, rpcClient } from '@imgsvc/core/rpc-client'
import { statePaths } from '@imgsvc/core/state-dir'
import { signedUrl } from '@imgsvc/core/url/signer'
import { type CliResult, cleanEnv, type Env, FAULTS, runCli } from './cli.ts'
import { type Order, orderFile } from './faults/orders.ts'
import { configText, createUp, hasEnded, type Place, type Placement } from './launch.ts'
import { freePorts, type PlacePorts, shortDir } from './place.ts'
import { isAlive, killAll, processesOf, signal } from './proc.ts'
import { until } from './until.ts'

/** A throw-away imgsvc: state directory, ports and processes of its own. */
export interface Instance {
  /** The directory around everything. */
  readonly home: string
  readonly stateDir: string
  readonly configFile: string
  readonly base: string
  readonly ports: PlacePorts
  readonly workers: number
  readonly control: RpcClient<ControlMethods>
  /** Environment of everything started for it. */
  readonly env: Env
  /** The log directory as this process sees it. */
  logsDir(): string
  sign(path: string): string
  /** `imgsvc up` as it was started last. */
  up(): ChildProcess
  /** Starts `imgsvc up` once more in the same place; does not wait. */
  launch(): void
  /** Waits until `up` says that it is ready. Throws PROCESS_FAILED with what it printed. */
  ready(): Promise<void>
  /** Pid of the supervisor that answers on the control socket. */
  supervisorPid(): Promise<number>
  /** What `status` shows; rejects when there is no answer within `timeoutMs` (default 5000). */
  list(timeoutMs?: number): Promise<readonly ProcessInfo[]>
  /** Runs a command against this instance. */
  cli(...args: string[]): Promise<CliResult>
  /** Tells a process (`worker:1`), a role, `supervisor` or `all` what to do wrong; undefined takes the order back. */
  order(target: string, order: Order | undefined): void
  /** Ends every process and removes every file. */
  stop(): Promise<void>
}

const STOP_MS = 15_000
const CALL_MS = 5000

export interface InstanceOptions {
  readonly env: Env
  readonly signal: AbortSignal
  /** Told before anything runs, so that everything can be ended whatever happens. */
  started(instance: Instance): void
}

/**
 * Makes the place of an instance and starts it; resolves when it is ready. Throws PROCESS_FAILED and PORT_TAKEN, with
 * nothing left behind.
 */
export async function startInstance(placement: Placement, options: InstanceOptions): Promise<Instance> {
  const { workers = 4 } = placement
  const instance = createInstance(placement, { home: shortDir(), ports: await freePorts(workers), workers }, options)
  options.started(instance)
  try {
    instance.launch()
    await instance.ready()
    return instance
  } catch (error) {
    await instance.stop()
    throw error
  }
}

function createInstance(
  placement: Placement,
  { home, ports, workers }: Place,
  { env: outer, signal: over }: InstanceOptions,
): Instance {
  const stateDir = join(home, 's')
  const configFile = join(home, 'imgsvc.yaml')
  const orders = join(home, 'orders')
  const logs = join(home, 'logs')
  const key = randomBytes(32).toString('hex')
  for (const dir of [orders, logs]) mkdirSync(dir)
  writeFileSync(configFile, configText(placement, { home, ports, workers }, key), { mode: 0o600 })
  const faults = placement.takesOrders ? { NODE_OPTIONS: `--import=${FAULTS}`, IMGSVC_CHAOS_ORDERS: orders } : {}
  const env = { ...cleanEnv(outer), ...faults }
  const control = rpcClient<ControlMethods>(statePaths(stateDir).supervisorSocket)
  const up = createUp(['up', '--config', configFile, '--state-dir', stateDir], {
    home,
    env,
    logs,
    placement,
    signal: over,
  })

  const instance: Instance = {
    ...{ home, stateDir, configFile, ports, workers, control, env },
    base: `http://127.0.0.1:${ports.public}`,
    // A file system of another mount namespace is reached through a process that lives in it.
    logsDir: () => (placement.logsTmpfs ? `/proc/${up.process().pid}/root${logs}` : logs),
    sign: (path) => signedUrl(path, key),
    up: up.process,
    launch: up.launch,
    ready: up.ready,
    supervisorPid: async () => (await control.call('supervisor.info', {}, { timeoutMs: CALL_MS })).pid,
    list: (timeoutMs = CALL_MS) => control.call('process.list', {}, { timeoutMs }),
    cli: (...args) => runCli([...args, '--state-dir', stateDir], { cwd: home, env }),
    order(target, order) {
      const path = orderFile(orders, target)
      if (order === undefined) rmSync(path, { force: true })
      else writeFileSync(path, JSON.stringify(order))
    },
    async stop() {
      await stopGracefully(up.process(), stateDir)
      killAll(stateDir)
      rmSync(home, { recursive: true, force: true, maxRetries: 3 })
    },
  }
  return instance
}

async function stopGracefully(up: ChildProcess, stateDir: string): Promise<void> {
  if (up.pid === undefined || hasEnded(up)) return
  signal(up.pid, 'SIGCONT')
  signal(up.pid, 'SIGTERM')
  const isGone = () => hasEnded(up) && processesOf(stateDir).length === 0
  await until(isGone, { withinMs: STOP_MS, everyMs: 50 })
  if (isAlive(up.pid)) signal(up.pid, 'SIGKILL')
}

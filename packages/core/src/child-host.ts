import { existsSync, rmSync } from 'node:fs'
import type { ChildHandlers, Health, Identity } from './child-control.ts'
import { serveChildSocket } from './child-socket.ts'
import { sleep } from './clock.ts'
import { ImgsvcError } from './errors.ts'
import { type HangWatch, startHangWatch } from './hang-watch.ts'
import type { LogHandle } from './log.ts'
import { createLoopLag } from './loop-lag.ts'
import { type ProcessId, parseProcessId } from './process.ts'
import { cpuMs } from './process-sample.ts'
import { isSameProcess, kernelStartTime, readRunFile, writeRunFile } from './run-file.ts'
import { type ChildEnv, statePaths } from './state-dir.ts'

export interface ChildHostOptions {
  readonly env: ChildEnv
  readonly configHash: string
  readonly log: LogHandle
  /** Requests under way. */
  inFlight(): number
  /** prom-client's `getMetricsAsJSON()`. */
  metrics(): Promise<readonly object[]>
  /** Requests answered since the process began, when it counts them. */
  served?(): number
  /** Methods only this child has: `upstreams`, `configure`, `selfTest`, `spawnSibling`, `requestsOn`, `explain`. */
  readonly handlers?: Pick<
    ChildHandlers,
    'upstreams' | 'configure' | 'selfTest' | 'spawnSibling' | 'requestsOn' | 'explain'
  >
}

export interface ChildHost {
  /** Call when the child listens: keeps the run file there and answers `identity` with this port. */
  listening(port: number): void
  setReady(ready: boolean): void
  /** Ready as the outside sees it: said to be so and not draining. */
  isReady(): boolean
  isDraining(): boolean
  /** The configuration the child runs with has changed (method `configure`). */
  setConfigHash(hash: string): void
  /** Not ready from now on; resolves to the requests left when idle or after `deadlineMs`. */
  drain(deadlineMs: number): Promise<number>
  /** Removes run file and socket; call before a clean exit. */
  close(): Promise<void>
}

const DRAIN_POLL_MS = 20
const RUN_FILE_CHECK_MS = 1000
/** A loop blocked for this long leaves a stack behind: before the supervisor loses patience. */
const BLOCKED_MS = 1000
const MAX_DRAIN_MS = 3_600_000

/**
 * What worker and balancer have in common once they run: the control socket with identity, health, metrics, drain,
 * undrain and reopenLogs, and the run file. Throws CONFIG_INVALID, ALREADY_RUNNING, STATE_DIR_UNUSABLE.
 */
export async function startChild(options: ChildHostOptions): Promise<ChildHost> {
  const { env, log } = options
  const paths = statePaths(env.stateDir)
  const runFile = paths.runFileOf(env.id)
  const lag = createLoopLag()
  const self = identityOf(env)
  let { configHash } = options
  let port = env.port
  let ready = false
  let draining = false
  let keeper: NodeJS.Timeout | undefined
  let watch: HangWatch | undefined

  const isReady = () => ready && !draining
  const identity = (): Identity => ({ ...self, configHash, port, ready: isReady() })

  async function drain(deadlineMs: number): Promise<number> {
    draining = true
    const end = performance.now() + Math.min(deadlineMs, MAX_DRAIN_MS)
    while (draining && options.inFlight() > 0 && performance.now() < end) await sleep(DRAIN_POLL_MS)
    return options.inFlight()
  }

  const handlers: ChildHandlers = {
    identity: async () => identity(),
    health: async () => ({
      ...health(isReady(), options.inFlight(), lag.read(), log.dropped()),
      ...(options.served && { served: options.served() }),
    }),
    metrics: () => options.metrics(),
    drain: async ({ deadlineMs }) => ({ inFlight: await drain(duration(deadlineMs)) }),
    undrain: async () => {
      draining = false
      return {}
    },
    reopenLogs: async () => {
      log.reopen()
      return {}
    },
    ...options.handlers,
  }
  const socket = await serveChildSocket(paths.socketOf(env.id), handlers, log.log)

  return {
    listening(boundPort) {
      port = boundPort
      keeper = keepRunFile(runFile, () => identity(), log)
      watch = startHangWatch(paths.hangStackOf(env.id), BLOCKED_MS)
    },
    setReady(value) {
      ready = value
    },
    isReady,
    isDraining: () => draining,
    setConfigHash(hash) {
      configHash = hash
    },
    drain,
    async close() {
      ready = false
      lag.close()
      clearInterval(keeper)
      await watch?.close()
      // Only our own: a successor under the same id may have written its run file already.
      const record = readRunFile(runFile)
      if (record?.pid === process.pid && isSameProcess(record)) rmSync(runFile, { force: true })
      await socket.close()
    },
  }
}

/**
 * Writes the run file, and writes it again whenever it is missing. Nobody needs it until a supervisor looks for the
 * children of a dead one, so a full disk must not keep a child from serving.
 */
function keepRunFile(path: string, identity: () => Identity, { log }: LogHandle): NodeJS.Timeout {
  const startedAt = Date.now()
  let isFailing = false
  const write = () => {
    try {
      const { ready: _, ...record } = identity()
      writeRunFile(path, { ...record, startedAt })
      isFailing = false
    } catch (error) {
      if (!isFailing) log.error({ err: error, path }, 'the run file cannot be written; it is tried again')
      isFailing = true
    }
  }
  write()
  return setInterval(() => existsSync(path) || write(), RUN_FILE_CHECK_MS).unref()
}

function identityOf(env: ChildEnv): Pick<Identity, 'id' | 'pid' | 'startTime' | 'generation'> {
  parseProcessId(env.id)
  return {
    id: env.id as ProcessId,
    pid: process.pid,
    startTime: kernelStartTime(process.pid),
    generation: env.generation,
  }
}

function health(ready: boolean, inFlight: number, loopLagMs: number, logDropped: number): Health {
  const { rss, heapUsed } = process.memoryUsage()
  return { ready, inFlight, loopLagMs, rss, heap: heapUsed, cpuMs: cpuMs(), logDropped }
}

function duration(value: unknown): number {
  if (typeof value === 'number' && value >= 0) return value
  throw new ImgsvcError('CONTROL_PARAMS_INVALID', `deadlineMs must be a number of ms, got ${JSON.stringify(value)}`)
}

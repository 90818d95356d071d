import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Config } from '@imgsvc/core/config/schema'
import type { ProcessId, Role } from '@imgsvc/core/process'
import * as counts from '@imgsvc/core/worker-counts'
import type { Policy } from './proc.ts'

/** One kind of child, as data. */
export interface RoleProgram {
  /** Absolute path of the program. */
  readonly entry: string
  readonly args?: readonly string[] | undefined
  /** Instead of `workers.autoRestart`. */
  readonly restart?: Policy['restart']
  /** Path that answers 200 on its port when it takes requests; without one its own word is enough. */
  readonly probe?: string
  /** Asked to become idle before SIGTERM. A balancer has nothing in front of it that could stop sending. */
  readonly drains: boolean
  /** It can be started ahead and wait for its id (core/spare.ts). */
  readonly waits?: boolean
}

export type Roles = Readonly<Record<Role, RoleProgram>>

/** The built worker and balancer: spawned by path, never imported. Throws when they are not built. */
export function builtRoles(): Roles {
  const entry = (specifier: string) => fileURLToPath(import.meta.resolve(specifier))
  return {
    worker: { entry: entry('@imgsvc/worker/main'), probe: '/readyz', drains: true, waits: true },
    balancer: { entry: entry('@imgsvc/balancer/main'), drains: false },
  }
}

/** What is done about one process, beside what its state machine decides. */
export interface ProcessPolicy extends Policy {
  readonly exitCodes: readonly number[]
  /** Silence after which it is killed, ms; 0 is never. */
  readonly hangTimeout: number
  readonly stopSignal: 'SIGTERM' | 'SIGQUIT' | 'SIGKILL'
  /** What it leaves behind is killed. */
  readonly killAsGroup: boolean
}

/** What a process's policy depends on beside the configuration. */
export interface Situation {
  readonly hasHealthyPeer: boolean
  /** From 0 to 1. */
  readonly jitter: number
}

/** Policy of every process as configured; the settings stand under `workers` but hold for balancers too. */
export function policyOf(role: RoleProgram, { workers }: Config, situation: Situation): ProcessPolicy {
  const { startTimeout, stopTimeout, stableAfter, startRetries, startSeconds } = workers
  const { crashLimit, crashWindow, fatalRetry, exitCodes, hangTimeout, killAsGroup } = workers
  return {
    ...{ startTimeout, stopTimeout, stableAfter, startRetries, startSeconds },
    ...{ crashLimit, crashWindow, fatalRetry, exitCodes, hangTimeout, killAsGroup },
    ...situation,
    restart: role.restart ?? restartOf(workers.autoRestart),
    stopSignal: `SIG${workers.stopSignal}`,
  }
}

function restartOf(autoRestart: Config['workers']['autoRestart']): Policy['restart'] {
  if (autoRestart === 'unexpected') return 'failure'
  return autoRestart ? 'always' : 'never'
}

/** `workers.count`, with `auto` as one per core and at least 2. */
export function workerCount(config: Config, cores = availableParallelism()): number {
  return counts.workerCount(config, cores)
}

/** Port of a process: `workers.basePort` + index, or the public port. */
export function portOf(role: Role, index: number, config: Config): number {
  return role === 'worker' ? config.workers.basePort + index : config.listen.port
}

/** Threads of libuv's pool in a worker, for UV_THREADPOOL_SIZE; the worker bounds its renders by the same rule. */
export function threadPoolSize(config: Config, cores = availableParallelism()): number {
  return counts.threadPoolSize(config, cores)
}

/** Id of a process. */
export function processId(role: Role, index: number): ProcessId {
  return `${role}:${index}`
}

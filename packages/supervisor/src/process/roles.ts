import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Config } from '@imgsvc/core/config/schema'
import type { ProcessId, Role } from '@imgsvc/core/process'
import * as counts from '@imgsvc/core/worker-counts'
import type { Policy } from './machine.ts'

/** One kind of child, as data. */
export interface RoleProgram {
  /** Absolute path of the program. */
  readonly entry: string
  readonly args?: readonly string[] | undefined
  readonly restart: Policy['restart']
  /** Asked to become idle before SIGTERM. A balancer has nothing in front of it that could stop sending. */
  readonly drains: boolean
}

export type Roles = Readonly<Record<Role, RoleProgram>>

/** The built worker and balancer: spawned by path, never imported. Throws when they are not built. */
export function builtRoles(): Roles {
  const entry = (specifier: string) => fileURLToPath(import.meta.resolve(specifier))
  return {
    worker: { entry: entry('@imgsvc/worker/main'), restart: 'always', drains: true },
    balancer: { entry: entry('@imgsvc/balancer/main'), restart: 'always', drains: false },
  }
}

/** Timing of every process as configured; the settings stand under `workers` but hold for balancers too. */
export function policyOf(role: RoleProgram, { workers }: Config): Policy {
  const { startTimeout, stopTimeout, stableAfter, startRetries } = workers
  return { restart: role.restart, startTimeout, stopTimeout, stableAfter, startRetries }
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

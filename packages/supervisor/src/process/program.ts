import { join } from 'node:path'
import type { Config } from '@imgsvc/core/config/schema'
import { fileNameOf, type ProcessId, type Role } from '@imgsvc/core/process'
import { SPARE_ENV } from '@imgsvc/core/spare'
import { childEnv, type StatePaths } from '@imgsvc/core/state-dir'
import type { Account, Accounts } from '../accounts.ts'
import type { ChildProgram } from './child.ts'
import { type Roles, threadPoolSize } from './roles.ts'
import type { Trial } from './surge.ts'

/** What all children have in common at this moment. */
export interface InForce {
  readonly roles: Roles
  readonly paths: StatePaths
  config(): Config
  /** Whom processes run as; default: as this one. */
  readonly accounts?: Accounts | undefined
}

// As in the schema: what nobody asked for is not worth a warning where it is not allowed.
const DEFAULT_OOM_SCORE: Readonly<Record<Role, number>> = { worker: 300, balancer: -500 }

/** How a child is started; `trial`: what a canary tries before the others have it. */
export function programOf(
  inForce: InForce,
  role: Role,
  child: { readonly id: ProcessId; readonly port: number; readonly generation: number },
  trial: Trial | undefined,
): ChildProgram {
  const { entry, probe, args = [] } = (trial?.roles ?? inForce.roles)[role]
  const config = trial?.config?.value ?? inForce.config()
  const env = childEnv({ ...child, stateDir: inForce.paths.root, configFile: trial?.config?.file })
  // Where Node keeps compiled code from 22.1 on (module.enableCompileCache); the next boot is shorter by it.
  const account = inForce.accounts?.[role]
  const cache = { NODE_COMPILE_CACHE: cacheDirectory(inForce.paths, account) }
  const threads = { UV_THREADPOOL_SIZE: String(threadPoolSize(config)) }
  const section = config[role === 'worker' ? 'workers' : 'balancer']
  const configured = Object.fromEntries(section.environment.map((pair) => splitOnce(pair)))
  return {
    entry,
    args,
    probe,
    env: { ...cache, ...configured, ...(role === 'worker' && threads), ...env },
    account,
    umask: section.umask === 'inherit' ? undefined : Number.parseInt(section.umask, 8),
    launch: { ...section, oomScoreConfigured: section.oomScoreAdj !== DEFAULT_OOM_SCORE[role] },
    stderrFile: join(config.logs.dir, `${fileNameOf(child.id)}.stderr.log`),
  }
}

/** One per user: code that one of them has compiled must not be run by another. */
export function cacheDirectory({ root }: StatePaths, account: Account | undefined): string {
  return join(root, account ? `node-cache-${account.uid}` : 'node-cache')
}

/** How the spare worker is started; undefined when there is to be none. */
export function spareProgramOf(inForce: InForce): ChildProgram | undefined {
  const config = inForce.config()
  if (config.workers.spare === 0 || !inForce.roles.worker.waits) return undefined
  const program = programOf(inForce, 'worker', { id: 'worker:0', port: 0, generation: 0 }, undefined)
  return {
    ...program,
    env: { ...program.env, ...SPARE_ENV },
    stderrFile: join(config.logs.dir, SPARE_OUTPUT),
  }
}

/** Where a spare writes its stderr to before it is somebody. */
export const SPARE_OUTPUT = 'spare.stderr.log'

function splitOnce(pair: string): readonly [string, string] {
  const at = pair.indexOf('=')
  return [pair.slice(0, at), pair.slice(at + 1)]
}

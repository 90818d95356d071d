import type { ConfigDiff } from '@imgsvc/core/config/diff'
import type { Config } from '@imgsvc/core/config/schema'
import type { Role } from '@imgsvc/core/process'

/** What a changed configuration asks for. */
export interface ReloadPlan {
  /** Settings that wait for `imgsvc down` and `up`: the supervisor itself holds what they describe. */
  readonly whole: readonly string[]
  /** Roles whose processes are restarted, rolling. */
  readonly restart: readonly Role[]
  /** Roles whose number changed. */
  readonly scale: readonly Role[]
}

const BOTH: readonly Role[] = ['worker', 'balancer']
const ACCOUNTS = ['workers.user', 'workers.group', 'balancer.user', 'balancer.group'] as const
const WHOLE: ReadonlySet<string> = new Set([...['listen', 'admin.listen', 'logs.dir', 'workers.basePort'], ...ACCOUNTS])
const COUNTS: Readonly<Record<string, Role>> = { 'workers.count': 'worker', 'balancer.count': 'balancer' }
/** Sections that only one role reads; every other one concerns both. */
const READERS: Readonly<Record<string, readonly Role[]>> = {
  balancer: ['balancer'],
  cache: ['balancer'],
  workers: ['worker'],
  security: ['worker'],
  sources: ['worker'],
  storage: ['worker'],
  results: ['worker'],
  images: ['worker'],
  filters: ['worker'],
  presets: ['worker'],
}

/** The roles whose processes live by a setting, whether they have to be restarted for it or not. */
export function readersOf(path: string): readonly Role[] {
  return READERS[path.split('.', 1)[0] as string] ?? BOTH
}

/** Sorts the changed settings by what they ask for. Pure. */
export function reloadPlan(diff: ConfigDiff): ReloadPlan {
  const counted = diff.changed.filter((path) => Object.hasOwn(COUNTS, path))
  const restarting = diff.needRestart.filter((path) => !WHOLE.has(path) && !Object.hasOwn(COUNTS, path))
  const readers = restarting.flatMap(readersOf)
  return {
    whole: diff.needRestart.filter((path) => WHOLE.has(path)),
    restart: BOTH.filter((role) => readers.includes(role)),
    scale: counted.map((path) => COUNTS[path] as Role),
  }
}

/**
 * The new configuration with the old values of what cannot change while the supervisor runs. Otherwise a process that is
 * started later would live by other addresses than the rest.
 */
export function keepingWhole(old: Config, next: Config): Config {
  return {
    ...next,
    listen: old.listen,
    admin: { ...next.admin, listen: old.admin.listen },
    logs: { ...next.logs, dir: old.logs.dir },
    workers: { ...next.workers, ...accountIn(old.workers), basePort: old.workers.basePort },
    balancer: { ...next.balancer, ...accountIn(old.balancer) },
  }
}

const accountIn = ({ user, group }: Config['workers' | 'balancer']) => ({ user, group })

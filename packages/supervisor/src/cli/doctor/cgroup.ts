import { join } from 'node:path'
import type { System } from './system.ts'

/** What the container, or the unit, of this process may use; undefined is no limit. */
export interface CgroupLimits {
  readonly memoryBytes: number | undefined
  /** Cores, in fractions. */
  readonly cores: number | undefined
}

const ROOT = '/sys/fs/cgroup'
// Version 1 has this for "no limit".
const UNLIMITED = 2 ** 60

/** The tightest limit on the way from this process's cgroup to the root (cgroups(7), version 2 and 1). */
export function cgroupLimits(system: System, pid: number | 'self' = 'self'): CgroupLimits {
  const lines = (system.read(`/proc/${pid}/cgroup`) ?? '').split('\n')
  const unified = lines.find((line) => line.startsWith('0::'))?.slice('0::'.length)
  const memory = pathOf(lines, 'memory')
  const cpu = pathOf(lines, 'cpu')
  return {
    memoryBytes: least([
      ...upwards(unified).map((path) => bytes(system.read(join(ROOT, path, 'memory.max')))),
      ...upwards(memory).map((path) => bytes(system.read(join(ROOT, 'memory', path, 'memory.limit_in_bytes')))),
    ]),
    cores: least([
      ...upwards(unified).map((path) => share(system.read(join(ROOT, path, 'cpu.max')))),
      ...upwards(cpu).map((path) => {
        const directory = join(ROOT, 'cpu', path)
        const quota = system.read(join(directory, 'cpu.cfs_quota_us'))
        return share(`${quota?.trim()} ${system.read(join(directory, 'cpu.cfs_period_us'))}`)
      }),
    ]),
  }
}

function pathOf(lines: readonly string[], controller: string): string | undefined {
  return lines.map((line) => line.split(':')).find(([, names]) => names?.split(',').includes(controller))?.[2]
}

/** `/a/b`, `/a`, `/`: a limit of a parent binds too; inside a container its own is the root. */
function upwards(path: string | undefined): readonly string[] {
  if (path === undefined) return []
  const parts = path.split('/').filter((part) => part !== '' && part !== '..')
  return [...parts.map((_, index) => `/${parts.slice(0, parts.length - index).join('/')}`), '/']
}

function bytes(text: string | undefined): number | undefined {
  const value = Number(text?.trim() || Number.NaN)
  return value > 0 && value < UNLIMITED ? value : undefined
}

/** `200000 100000` are two cores; `max` and -1 no limit. */
function share(text: string | undefined): number | undefined {
  const [quota, period] = (text ?? '').trim().split(/\s+/).map(Number)
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : undefined
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

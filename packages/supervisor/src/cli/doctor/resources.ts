import { workerCount } from '../../process/roles.ts'
import { megabytes } from '../format.ts'
import { cgroupLimits } from './cgroup.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import type { Patient } from './patient.ts'
import type { System } from './system.ts'

const KB = 1024
/** Supervisor and balancers, as measured, and some room. */
const REST_BYTES = 256 * 1024 ** 2
/** What a worker needs for ordinary photographs. */
const WORKER_BYTES = 256 * 1024 ** 2
const MUCH_SWAP = 0.5

/** Does the memory of the machine, or of the container, hold as many workers as there will be? */
export function checkMemory({ config, system, supervisor }: Patient): readonly Finding[] {
  const check = 'memory'
  const meminfo = memoryOf(system)
  if (!config || !meminfo) return [ok(check, 'cannot be seen on this system')]
  const { memoryBytes } = cgroupLimits(system, supervisor.info?.pid)
  const isContainer = memoryBytes !== undefined && memoryBytes < meminfo.total
  const room = isContainer ? memoryBytes : meminfo.total
  const workers = workerCount(config)
  const cap = config.workers.maxMemory
  const need = workers * (cap || WORKER_BYTES) + REST_BYTES
  const where = isContainer ? `${megabytes(room)} (limit of the container)` : `${megabytes(room)} of this machine`
  const sum = `${workers} workers x ${cap ? `${megabytes(cap)} (workers.maxMemory)` : `${megabytes(WORKER_BYTES)} at least`}`
  const todo = 'fewer workers.count, a smaller workers.maxMemory, or more memory'
  const findings = [
    need > room
      ? (cap ? fail : warn)(check, `${sum} and ${megabytes(REST_BYTES)} for the rest are more than ${where}`, todo)
      : ok(check, `${sum} fit into ${where}`),
  ]
  if (isContainer && !cap) {
    const share = Math.floor((room - REST_BYTES) / workers / 1024 ** 2)
    const what = 'the container has a memory limit, the workers have none: at the limit the kernel kills one of them'
    findings.push(warn(check, what, `set workers.maxMemory${share > 0 ? `, ${share}MB at most` : ''}`))
  }
  return [...findings, swap(meminfo), overcommit(system)]
}

interface Memory {
  readonly total: number
  readonly swapTotal: number
  readonly swapFree: number
}

function memoryOf(system: System): Memory | undefined {
  const text = system.read('/proc/meminfo')
  if (text === undefined) return undefined
  const value = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * KB
  return { total: value('MemTotal'), swapTotal: value('SwapTotal'), swapFree: value('SwapFree') }
}

function swap({ swapTotal, swapFree }: Memory): Finding {
  if (swapTotal === 0) return ok('swap', 'none')
  const used = swapTotal - swapFree
  const what = `${megabytes(used)} of ${megabytes(swapTotal)} used`
  if (used < swapTotal * MUCH_SWAP) return ok('swap', what)
  return warn('swap', `${what}: pictures are slow when workers are swapped out`, 'more memory or fewer workers')
}

function overcommit(system: System): Finding {
  const check = 'overcommit'
  const mode = system.read('/proc/sys/vm/overcommit_memory')?.trim()
  if (mode !== '2') return ok(check, mode === undefined ? 'unknown' : `vm.overcommit_memory=${mode}`)
  const what = 'vm.overcommit_memory=2: V8 and libvips reserve much more than they use, and will be refused'
  return warn(check, what, 'sysctl vm.overcommit_memory=0, or a larger vm.overcommit_ratio')
}

/** Are there as many cores as workers? */
export function checkCores({ config, system, supervisor }: Patient): readonly Finding[] {
  const check = 'cpu'
  if (!config) return []
  const { cores } = cgroupLimits(system, supervisor.info?.pid)
  const workers = workerCount(config)
  if (cores === undefined) return [ok(check, `no limit; ${workers} workers`)]
  const what = `the container may use ${cores.toFixed(1)} cores; ${workers} workers`
  if (workers <= Math.max(2, Math.ceil(cores))) return [ok(check, what)]
  return [warn(check, `${what} wait for each other`, `workers.count: ${Math.max(2, Math.ceil(cores))}`)]
}

import { availableParallelism } from 'node:os'
import { sleep } from '@imgsvc/core/clock'
import type { ProcessInfo } from '@imgsvc/core/control'
import type { Instance } from './instance.ts'
import { cpuMsOf, isAlive, machineCpuMs, rssOf } from './proc.ts'

/** What `status` said at one moment (monotonic ms); undefined when nobody answered. */
export interface Sample {
  readonly at: number
  readonly processes: readonly ProcessInfo[] | undefined
  /** Workers that are RUNNING, not draining, not silent, and really there. */
  readonly ready: number
  /** Resident memory of every known process, bytes. */
  readonly rss: number
}

export interface Death {
  readonly id: string
  readonly pid: number
  /** When it was seen, monotonic ms. */
  readonly at: number
}

/** Looks at an instance from outside, many times a second, and remembers. */
export interface Watch {
  readonly samples: readonly Sample[]
  readonly deaths: readonly Death[]
  /** How long status called a dead process RUNNING, ms, by what it said: `worker:1 RUNNING as pid 7, which is dead`. */
  readonly untruths: ReadonlyMap<string, number>
  /** Share of the machine that neither the instance nor the rig has used so far, percent: others disturb. */
  foreignCpu(): number
  stop(): Promise<void>
}

const INTERVAL_MS = 50
const ANSWER_MS = 1000

/** Begins to watch. */
export function startWatch(instance: Instance): Watch {
  const over = new AbortController()
  const samples: Sample[] = []
  const deaths: Death[] = []
  const untruths = new Map<string, number>()
  const known = new Map<number, string>()
  const foreign = createForeignCpu()

  function bury(at: number): void {
    for (const [pid, id] of known) {
      if (isAlive(pid)) continue
      known.delete(pid)
      deaths.push({ id, pid, at })
    }
  }

  function compare(processes: readonly ProcessInfo[], at: number): void {
    for (const { id, state, pid } of processes) {
      if (pid === null || state !== 'RUNNING') continue
      const death = deaths.find((one) => one.pid === pid && one.id === id)
      if (!death) known.set(pid, id)
      else untruths.set(`${id} RUNNING as pid ${pid}, which is dead`, at - death.at)
    }
  }

  async function look(): Promise<void> {
    bury(performance.now())
    const processes = await instance.list(ANSWER_MS).catch(() => undefined)
    const at = performance.now()
    if (processes) compare(processes, at)
    bury(at)
    const ready = processes?.filter(isReady).length ?? 0
    foreign.look(known.keys())
    const rss = [...known.keys()].reduce((sum, pid) => sum + rssOf(pid), 0)
    samples.push({ at, processes, ready, rss })
  }

  async function run(): Promise<void> {
    while (!over.signal.aborted) {
      await look()
      await sleep(INTERVAL_MS, over.signal).catch(() => undefined)
    }
  }

  const running = run()
  return {
    samples,
    deaths,
    untruths,
    foreignCpu: foreign.percent,
    async stop() {
      over.abort()
      await running
    },
  }
}

/** Adds up what the instance's processes use from look to look, so that those that end count, too. */
function createForeignCpu(): { look(pids: Iterable<number>): void; percent(): number } {
  const startedAt = performance.now()
  const [machineBefore, rigBefore] = [machineCpuMs(), process.cpuUsage()]
  const last = new Map<number, number>()
  let own = 0
  return {
    look(pids) {
      for (const pid of pids) {
        const used = cpuMsOf(pid)
        own += Math.max(0, used - (last.get(pid) ?? used))
        last.set(pid, used)
      }
    },
    percent() {
      const { user, system } = process.cpuUsage(rigBefore)
      const rest = machineCpuMs() - machineBefore - own - (user + system) / 1000
      const all = (performance.now() - startedAt) * availableParallelism()
      return Math.max(0, Math.round((rest / all) * 100))
    },
  }
}

/** RUNNING with a reason is one that does not answer. */
const isReady = ({ id, state, draining, pid, reason }: ProcessInfo) =>
  id.startsWith('worker:') && state === 'RUNNING' && !draining && reason === null && pid !== null && isAlive(pid)

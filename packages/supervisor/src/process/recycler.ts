import type { Clock } from '@imgsvc/core/clock'
import type { Config } from '@imgsvc/core/config/schema'
import type { Crash } from '@imgsvc/core/crash'
import type { Logger } from '@imgsvc/core/log'
import type { Controller } from './controller.ts'
import { growthPerMs, type MemorySample, memoryVerdict } from './memory.ts'

export interface RecyclerOptions {
  readonly clock: Clock
  readonly log: Logger
  /** From 0 to 1, a new number with every call. */
  random(): number
  settings(): Pick<Config['workers'], 'maxMemory' | 'maxAge' | 'maxRequests'>
  /** Replaces a worker without losing a request, when it is its turn; nothing when `isStillDue()` does not hold by then. */
  replace(controller: Controller, isStillDue: () => boolean): Promise<void>
  /** A worker is replaced for its memory. */
  crashed(crash: Crash): void
}

/** Replaces workers that have grown too big, too old or have done enough. */
export interface Recycler {
  /** A worker has answered a heartbeat. */
  beat(controller: Controller): void
}

/** What is known about one child of a worker. */
interface Wear {
  readonly generation: number
  /** Share of `maxAge` and `maxRequests` at which this one is due: they were started together. */
  readonly share: number
  /** Monotonic ms. */
  readonly bornAt: number
  samples: readonly MemorySample[]
  /** What it began with, bytes. */
  firstRss: number | undefined
  isQueued: boolean
  isKilled: boolean
}

const SAMPLE_MS = 950
const MOST_SAMPLES = 10
const SETTLED_MS = 30_000
const MB = 1024 ** 2

export function createRecycler(options: RecyclerOptions): Recycler {
  const { clock, log } = options
  const known = new WeakMap<Controller, Wear>()

  function wearOf(controller: Controller): Wear {
    const before = known.get(controller)
    const generation = controller.generation()
    if (before?.generation === generation) return before
    // Asked once: the wall clock may be set meanwhile.
    const age = Math.max(0, clock.now() - (controller.life()?.since ?? clock.now()))
    const share = 0.9 + options.random() / 5
    const wear: Wear = {
      generation,
      share,
      bornAt: clock.monotonic() - age,
      samples: [],
      firstRss: undefined,
      isQueued: false,
      isKilled: false,
    }
    known.set(controller, wear)
    return wear
  }

  /** Why a worker is due, if it is: by its age or its work. */
  function dueFor({ share, bornAt }: Wear, served: number | null): string | undefined {
    const { maxAge, maxRequests } = options.settings()
    if (maxAge > 0 && clock.monotonic() - bornAt >= maxAge * share) return 'it has reached workers.maxAge'
    if (maxRequests > 0 && (served ?? 0) >= maxRequests * share) return 'it has reached workers.maxRequests'
    return undefined
  }

  function watchMemory(controller: Controller, wear: Wear, rss: number): string | undefined {
    const last = wear.samples.at(-1)
    const at = clock.monotonic()
    if (last && at - last.at < SAMPLE_MS) return undefined
    wear.samples = [...wear.samples, { at, rss }].slice(-MOST_SAMPLES)
    wear.firstRss ??= rss
    const { maxMemory } = options.settings()
    // A cap below what a worker needs to begin with must not replace workers without end.
    if (at - wear.bornAt < SETTLED_MS && rss - wear.firstRss < maxMemory / 4) return undefined
    const verdict = memoryVerdict(wear.samples, maxMemory)
    if (verdict === undefined) return undefined
    const perSecond = Math.round((growthPerMs(wear.samples) * 1000) / MB)
    const figures = `${Math.round(rss / MB)} MB, cap ${Math.round(maxMemory / MB)} MB, growing ${perSecond} MB/s`
    if (verdict === 'over') {
      if (!wear.isKilled) controller.kill('memory', `grew far over its memory cap (${figures}): killed`)
      wear.isKilled = true
      return undefined
    }
    return `it comes near its memory cap (${figures})`
  }

  function queue(controller: Controller, wear: Wear, reason: string): void {
    wear.isQueued = true
    log.warn({ process: controller.id, childPid: controller.life()?.pid, reason }, 'a worker is to be replaced')
    const isStillDue = () => controller.generation() === wear.generation && controller.state() === 'running'
    options
      .replace(controller, isStillDue)
      .catch((error: unknown) => log.error({ err: error, process: controller.id }, 'a worker could not be replaced'))
      .finally(() => {
        // It did not work out: it is due again at the next beat.
        wear.isQueued = false
      })
  }

  return {
    beat(controller) {
      const life = controller.life()
      if (!life || controller.isSurge || !controller.drains || controller.state() !== 'running') return
      const wear = wearOf(controller)
      const vitals = life.vitals()
      const memory = vitals.rss === null ? undefined : watchMemory(controller, wear, vitals.rss)
      const reason = memory ?? dueFor(wear, vitals.served)
      if (reason === undefined || wear.isQueued) return
      if (memory !== undefined) options.crashed(memoryRecord(controller, wear, memory, clock))
      queue(controller, wear, reason)
    },
  }
}

/** Nothing has ended yet: the record tells why it is going to. */
function memoryRecord(controller: Controller, { bornAt }: Wear, reason: string, clock: Clock): Crash {
  const life = controller.life()
  const { rss = null, heap = null } = life?.vitals() ?? {}
  return {
    process: controller.id,
    pid: life?.pid ?? 0,
    generation: controller.generation(),
    ...{ at: clock.now(), uptimeMs: Math.round(clock.monotonic() - bornAt) },
    ...{ reason: 'memory', code: null, signal: null, message: `${reason}: replaced` },
    ...{ rss, heap, stderr: [], stack: [], requests: [] },
  }
}

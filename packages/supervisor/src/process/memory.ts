/** Resident memory at a moment; monotonic ms and bytes. */
export interface MemorySample {
  readonly at: number
  readonly rss: number
}

/** `near`: to be replaced while there is room. `over`: too late for that. */
export type MemoryVerdict = 'near' | 'over'

/** This close to the cap it is replaced however slowly it grows. */
const NEAR = 0.9
/** Below this share of the cap even fast growth may be a process that warms up. */
const GROWING = 0.6
/** Time a replacement takes, ms: at least a boot, a self-test and what is under way. */
const AHEAD_MS = 4000
/** A single large picture makes a jump, not a slope. */
const LEAST_SAMPLES = 4
/** A replacement may be waiting for its turn; the machine cannot wait for ever. */
const OVER = 1.25

/** What a worker's memory, one sample a second, says about its cap in bytes. Pure. */
export function memoryVerdict(samples: readonly MemorySample[], cap: number): MemoryVerdict | undefined {
  const last = samples.at(-1)
  if (cap === 0 || !last) return undefined
  if (last.rss >= cap * OVER) return 'over'
  if (last.rss >= cap * NEAR) return 'near'
  if (last.rss < cap * GROWING || samples.length < LEAST_SAMPLES) return undefined
  return last.rss + growthPerMs(samples) * AHEAD_MS >= cap ? 'near' : undefined
}

/** Slope of the least-squares line through the last samples, bytes per ms; 0 when it does not grow from sample to sample. */
export function growthPerMs(samples: readonly MemorySample[]): number {
  const recent = samples.slice(-LEAST_SAMPLES)
  const meanAt = mean(recent.map(({ at }) => at))
  const meanRss = mean(recent.map(({ rss }) => rss))
  let covariance = 0
  let variance = 0
  for (const { at, rss } of recent) {
    covariance += (at - meanAt) * (rss - meanRss)
    variance += (at - meanAt) ** 2
  }
  const isGrowing = recent.every(({ rss }, n, all) => n === 0 || rss > (all[n - 1]?.rss ?? 0))
  return isGrowing && variance > 0 ? Math.max(0, covariance / variance) : 0
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)

import type { Durations, ProcessInfo, ProcessStats, SupervisorInfo } from '@imgsvc/core/control'

/** Everything `imgsvc top` asks for, at one moment. */
export interface Sample {
  readonly info: SupervisorInfo
  readonly processes: readonly ProcessInfo[]
  readonly stats: readonly ProcessStats[]
}

/** What a process did lately. What is not known is null. */
export interface Rates {
  /** Requests per second. */
  readonly rps: number | null
  /** 99th percentile, ms; Infinity above the largest bucket. */
  readonly p99: number | null
  /** Share of look-ups in the result storage that found something, percent. */
  readonly hits: number | null
}

const NOTHING: Rates = { rps: null, p99: null, hits: null }
const P99 = 0.99

/**
 * What lies between samples, oldest first: requests between the last two, percentiles and hits over all, as one second
 * has too few requests for them. A process that was restarted meanwhile counts from its start.
 */
export function ratesOf(id: string, samples: readonly Sample[]): Rates {
  const newest = statsIn(samples.at(-1), id)
  if (!newest) return NOTHING
  const same = samples.map((sample) => statsIn(sample, id)).filter((stats) => stats?.pid === newest.pid)
  const [first, previous] = [same[0], same.at(-2)]
  if (!first || !previous || first === newest) return NOTHING
  return {
    rps: ((newest.requests - previous.requests) * 1000) / Math.max(1, newest.at - previous.at),
    p99: quantile(between(first.durations, newest.durations), P99),
    hits: share(difference(first.hits, newest.hits), difference(first.lookups, newest.lookups)),
  }
}

/** The rates of several processes together. */
export function totalRates(ids: readonly string[], samples: readonly Sample[]): Rates {
  const each = ids.map((id) => ratesOf(id, samples)).filter(({ rps }) => rps !== null)
  const pairs = ids.flatMap((id) => {
    const newest = statsIn(samples.at(-1), id)
    const first = samples.map((sample) => statsIn(sample, id)).find((stats) => stats?.pid === newest?.pid)
    return first && newest ? [{ first, newest }] : []
  })
  const durations = pairs.map(({ first, newest }) => between(first.durations, newest.durations))
  const hits = sum(pairs.map(({ first, newest }) => difference(first.hits, newest.hits)))
  const lookups = sum(pairs.map(({ first, newest }) => difference(first.lookups, newest.lookups)))
  return {
    rps: each.length === 0 ? null : each.reduce((total, { rps }) => total + (rps ?? 0), 0),
    p99: quantile(durations.reduce(merged, null), P99),
    hits: share(hits, lookups),
  }
}

function statsIn(sample: Sample | undefined, id: string): ProcessStats | undefined {
  return sample?.stats.find((stats) => stats.id === id)
}

function difference(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : after - before
}

function sum(values: readonly (number | null)[]): number | null {
  return values.reduce((total, value) => (value === null ? total : (total ?? 0) + value), null)
}

function share(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole <= 0 ? null : (part * 100) / whole
}

function between(before: Durations | null, after: Durations | null): Durations | null {
  if (!after || !before) return null
  return { bounds: after.bounds, counts: after.counts.map((count, index) => count - (before.counts[index] ?? 0)) }
}

function merged(one: Durations | null, other: Durations | null): Durations | null {
  if (!one || !other) return one ?? other
  return { bounds: one.bounds, counts: one.counts.map((count, index) => count + (other.counts[index] ?? 0)) }
}

/** Interpolated within its bucket, as Prometheus' histogram_quantile does; ms. */
export function quantile(durations: Durations | null, share: number): number | null {
  const total = durations?.counts.reduce((all, count) => all + count, 0) ?? 0
  if (!durations || total <= 0) return null
  let rank = share * total
  for (const [index, count] of durations.counts.entries()) {
    const bound = durations.bounds[index]
    if (bound === undefined) return Number.POSITIVE_INFINITY
    if (rank <= count) {
      const lower = durations.bounds[index - 1] ?? 0
      return (lower + (bound - lower) * (rank / count)) * 1000
    }
    rank -= count
  }
  return Number.POSITIVE_INFINITY
}

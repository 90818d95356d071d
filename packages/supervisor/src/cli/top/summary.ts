import type { ProcessInfo } from '@imgsvc/core/control'
import { type Rates, ratesOf, type Sample, totalRates } from './sample.ts'

/** One process as `imgsvc top` shows it. */
export interface TopRow extends Rates {
  readonly id: string
  /** State, with what else there is to say about it. */
  readonly state: string
  /** Percent of one core. */
  readonly cpu: number | null
  readonly rss: number | null
  readonly queue: number | null
  readonly inFlight: number | null
  readonly restarts: number
}

/** What `imgsvc top` shows, and `--json` prints. */
export interface Summary {
  readonly version: string
  /** How long the supervisor has run, ms. */
  readonly uptimeMs: number
  readonly listen: string
  readonly totals: Omit<TopRow, 'id' | 'state'>
  readonly processes: readonly TopRow[]
}

/** What the samples of the last seconds, oldest first, come to; `now` is epoch ms. */
export function summarise(samples: readonly [...Sample[], Sample], now: number): Summary {
  const { info, processes, stats } = samples.at(-1) as Sample
  const queueOf = (id: string) => stats.find((one) => one.id === id)?.queue ?? null
  const rows = processes.map(
    (process): TopRow => ({
      id: process.id,
      state: stateOf(process),
      cpu: process.cpu,
      rss: process.rss,
      ...ratesOf(process.id, samples),
      queue: queueOf(process.id),
      inFlight: process.inFlight,
      restarts: process.restarts,
    }),
  )
  const ids = (role: string) => rows.map(({ id }) => id).filter((id) => id.startsWith(role))
  // Clients see the balancers; what they pass on to workers must not count twice.
  const { rps, p99 } = totalRates(ids('balancer'), samples)
  return {
    version: info.version,
    uptimeMs: now - info.since,
    listen: info.listen,
    totals: {
      ...{ rps, p99, hits: totalRates(ids('worker'), samples).hits },
      cpu: sum(rows.map(({ cpu }) => cpu)),
      rss: sum(rows.map(({ rss }) => rss)),
      queue: sum(rows.map(({ queue }) => queue)),
      inFlight: sum(rows.filter(({ id }) => id.startsWith('balancer')).map(({ inFlight }) => inFlight)),
      restarts: rows.reduce((total, { restarts }) => total + restarts, 0),
    },
    processes: rows,
  }
}

function stateOf({ state, surge, draining, reason }: ProcessInfo): string {
  if (state !== 'RUNNING') return state
  if (reason !== null) return 'silent'
  if (draining) return 'draining'
  return surge ? 'surge' : state
}

function sum(values: readonly (number | null)[]): number | null {
  return values.reduce((total, value) => (value === null ? total : (total ?? 0) + value), null)
}

/** What rows may be ordered by; the first is the order of `status`. */
export const SORTS = ['id', 'cpu', 'rss', 'rps', 'p99'] as const
export type Sort = (typeof SORTS)[number]

/** Rows in an order: by id as they come, by everything else the largest first. */
export function sorted(rows: readonly TopRow[], by: Sort): readonly TopRow[] {
  if (by === 'id') return rows
  return [...rows].sort((a, b) => (b[by] ?? -1) - (a[by] ?? -1))
}

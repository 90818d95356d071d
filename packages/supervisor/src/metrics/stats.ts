import type { Clock } from '@imgsvc/core/clock'
import type { Durations, ProcessStats } from '@imgsvc/core/control'
import { METRICS } from '@imgsvc/core/metrics'
import type { Controller } from '../process/controller.ts'

interface Sample {
  readonly value: number
  readonly labels: Readonly<Record<string, unknown>>
  readonly metricName?: string
}

const TIMEOUT_MS = 500

/** Asks every running process for what it has counted; one that does not answer in time is left out. */
export async function processStats(controllers: readonly Controller[], clock: Clock): Promise<readonly ProcessStats[]> {
  const running = controllers.filter((controller) => controller.state() === 'running')
  const answers = await Promise.all(
    running.map(async (controller) => {
      const pid = controller.life()?.pid
      try {
        const metrics = await controller.client.call('metrics', {}, { timeoutMs: TIMEOUT_MS })
        return pid === undefined ? [] : [statsOf(controller, pid, metrics, clock.monotonic())]
      } catch {
        return [] // `status` says so; here its row stays empty
      }
    }),
  )
  return answers.flat()
}

/** The counters of one process from its metrics (prom-client's JSON). */
export function statsOf(
  { id }: Pick<Controller, 'id'>,
  pid: number,
  metrics: readonly object[],
  at: number,
): ProcessStats {
  const isWorker = id.startsWith('worker')
  const samples = (name: string) => samplesOf(metrics, name)
  const lookups = samples(METRICS.cacheResults.name).filter(({ labels }) => labels.cache === 'results')
  const queue = samples(METRICS.renderQueue.name)
  return {
    id,
    pid,
    at,
    requests: sum(samples(isWorker ? METRICS.imageRequests.name : METRICS.httpRequests.name)),
    durations: durationsOf(samples(isWorker ? METRICS.imageDuration.name : METRICS.httpDuration.name)),
    lookups: isWorker ? sum(lookups) : null,
    hits: isWorker ? sum(lookups.filter(({ labels }) => labels.result === 'hit')) : null,
    queue: queue.length === 0 ? null : sum(queue),
  }
}

/** What came over a socket may be anything; one odd value must not spoil the rest. */
function samplesOf(metrics: readonly object[], name: string): readonly Sample[] {
  const metric = metrics.find((one) => (one as { name?: unknown }).name === name) as { values?: unknown } | undefined
  if (!Array.isArray(metric?.values)) return []
  return metric.values.filter(
    (sample): sample is Sample => typeof sample?.value === 'number' && typeof sample.labels === 'object',
  )
}

const sum = (samples: readonly Sample[]) => samples.reduce((total, { value }) => total + value, 0)

/** The cumulative buckets of a histogram, all label sets together, as one count per bucket. */
function durationsOf(samples: readonly Sample[]): Durations | null {
  const cumulative = new Map<number, number>()
  for (const { value, labels, metricName } of samples) {
    if (!metricName?.endsWith('_bucket')) continue
    const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)
    cumulative.set(bound, (cumulative.get(bound) ?? 0) + value)
  }
  if (cumulative.size === 0) return null
  const sorted = [...cumulative].sort(([a], [b]) => a - b)
  return {
    bounds: sorted.map(([bound]) => bound).filter(Number.isFinite),
    counts: sorted.map(([, value], index) => value - (sorted[index - 1]?.[1] ?? 0)),
  }
}

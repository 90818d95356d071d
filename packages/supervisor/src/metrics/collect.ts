import type { Logger } from '@imgsvc/core/log'
import { AggregatorRegistry } from 'prom-client'
import type { Controller } from '../process/controller.ts'
import type { SpareInfo } from '../process/spare.ts'
import type { OwnMetrics } from './own.ts'

export interface CollectOptions {
  controllers(): readonly Controller[]
  spare?(): SpareInfo | undefined
  readonly own: OwnMetrics
  readonly log: Logger
}

/** Prometheus text of all processes. */
export interface Exposition {
  readonly text: string
  readonly contentType: string
}

const TIMEOUT_MS = 500
const AGGREGATORS: ReadonlySet<unknown> = new Set(['sum', 'first', 'min', 'max', 'average', 'omit'])

/**
 * Asks every running child and adds up: counters, histograms and gauges of the same labels are summed, so what belongs
 * to one process carries a `process` label. A child that does not answer in time is left out, counted and logged.
 */
export async function collectMetrics({ controllers, spare, own, log }: CollectOptions): Promise<Exposition> {
  const asked = controllers().filter((controller) => controller.state() === 'running')
  const answers = await Promise.all(
    asked.map(async ({ id, client }) => {
      try {
        return usable(await client.call('metrics', {}, { timeoutMs: TIMEOUT_MS }))
      } catch (error) {
        own.missed(id)
        log.warn({ err: error, process: id }, 'a process did not answer with its metrics')
        return []
      }
    }),
  )
  const all = [await own.json(controllers(), spare?.()), ...answers]
  const registry = AggregatorRegistry.aggregate(all as object[][])
  return { text: await registry.metrics(), contentType: registry.contentType }
}

interface MetricJson {
  readonly name: string
  readonly aggregator: string
  readonly values: readonly { readonly value: number; readonly labels: object }[]
}

/** What came over a socket is checked: one odd value (NaN is `null` in JSON) must not spoil the whole text. */
function usable(metrics: readonly object[]): readonly object[] {
  return metrics.filter(isMetric).map((metric) => ({ ...metric, values: metric.values.filter(isSample) }))
}

function isMetric(metric: object): metric is MetricJson {
  const { name, aggregator, values } = metric as Partial<MetricJson>
  return typeof name === 'string' && AGGREGATORS.has(aggregator) && Array.isArray(values)
}

function isSample(sample: MetricJson['values'][number] | null): boolean {
  return typeof sample?.value === 'number' && typeof sample.labels === 'object'
}

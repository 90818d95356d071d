import { METRICS } from '@imgsvc/core/metrics'
import { registerProcessMetrics } from '@imgsvc/core/process-metrics'
import type { ProcessSample } from '@imgsvc/core/process-sample'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Answer } from './pipeline/picture.ts'
import type { StageName } from './pipeline/stages.ts'

/** What the rest of the worker tells the counters; only this file knows prom-client. */
export interface WorkerMetrics {
  readonly registry: Registry
  /** prom-client's `getMetricsAsJSON()` of this moment. */
  collect(): Promise<readonly object[]>
  began(): void
  ended(status: number): void
  readonly inFlight: number
  stage(stage: StageName, ms: number): void
  cache(cache: 'results' | 'originals', result: 'hit' | 'miss' | 'coalesced' | 'error'): void
  answered(answer: Answer): void
}

export interface WorkerGauges {
  readonly renders: () => number
  readonly queue: () => number
  /** Id of this process, label of the metrics every process has. */
  readonly id: string
  readonly sample: () => ProcessSample
}

/** This process's registry, with METRICS of the worker. */
export function createWorkerMetrics(gauges: WorkerGauges): WorkerMetrics {
  const registry = new Registry()
  const registers = [registry]
  const counter = <K extends 'imageRequests' | 'cacheResults' | 'renderedBytes' | 'filtersIgnored'>(key: K) =>
    new Counter({ name: METRICS[key].name, help: METRICS[key].help, labelNames: [...METRICS[key].labels], registers })
  const gauge = (key: 'rendersInFlight' | 'renderQueue', read: () => number) =>
    new Gauge({
      name: METRICS[key].name,
      help: METRICS[key].help,
      registers,
      collect() {
        this.set(read())
      },
    })
  const requests = counter('imageRequests')
  const cacheResults = counter('cacheResults')
  const renderedBytes = counter('renderedBytes')
  const filtersIgnored = counter('filtersIgnored')
  const stages = new Histogram({
    name: METRICS.stageDuration.name,
    help: METRICS.stageDuration.help,
    labelNames: [...METRICS.stageDuration.labels],
    buckets: [...METRICS.stageDuration.buckets],
    registers,
  })
  gauge('rendersInFlight', gauges.renders)
  gauge('renderQueue', gauges.queue)
  const sampled = registerProcessMetrics({ Gauge, Counter }, registry, gauges.id)
  let inFlight = 0
  return {
    registry,
    collect() {
      sampled(gauges.sample())
      return registry.getMetricsAsJSON()
    },
    get inFlight() {
      return inFlight
    },
    began() {
      inFlight++
    },
    ended(status) {
      inFlight--
      requests.inc({ status: String(status) })
    },
    stage(stage, ms) {
      stages.observe({ stage }, ms / 1000)
    },
    cache(cache, result) {
      cacheResults.inc({ cache, result })
    },
    answered(answer) {
      if (answer.result.ignored.length > 0) filtersIgnored.inc(answer.result.ignored.length)
      if (answer.kind === 'picture' && answer.cache === 'MISS') {
        const { contentType, data } = answer.result
        renderedBytes.inc({ format: contentType.slice(contentType.indexOf('/') + 1) }, data.length)
      }
    },
  }
}

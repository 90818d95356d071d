import { METRICS } from '@imgsvc/core/metrics'
import { registerProcessMetrics } from '@imgsvc/core/process-metrics'
import type { ProcessSample } from '@imgsvc/core/process-sample'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Outcome } from './detection/chain.ts'
import type { DetectorName } from './detection/detectors.ts'
import type { OptimizersOptions } from './optimizers/optimizers.ts'
import type { Answer } from './pipeline/picture.ts'
import type { StageName } from './pipeline/stages.ts'

/** What the rest of the worker tells the counters; only this file knows prom-client. */
export interface WorkerMetrics {
  readonly registry: Registry
  /** prom-client's `getMetricsAsJSON()` of this moment. */
  collect(): Promise<readonly object[]>
  began(): void
  /** `ms`: how long the request took. */
  ended(status: number, ms: number): void
  readonly inFlight: number
  /** Requests answered so far. */
  readonly served: number
  stage(stage: StageName, ms: number): void
  cache(cache: 'results' | 'originals' | 'detections', result: 'hit' | 'miss' | 'coalesced' | 'error'): void
  detected(detector: DetectorName, outcome: Outcome, ms: number): void
  readonly optimized: OptimizersOptions['onOutcome']
  answered(answer: Answer): void
}

export interface WorkerGauges {
  readonly renders: () => number
  readonly queue: () => number
  readonly detectorThreads: () => number
  /** Id of this process, label of the metrics every process has. */
  readonly id: string
  readonly sample: () => ProcessSample
}

/** This process's registry, with METRICS of the worker. */
export function createWorkerMetrics(gauges: WorkerGauges): WorkerMetrics {
  const registry = new Registry()
  const registers = [registry]
  type Counted = 'imageRequests' | 'cacheResults' | 'renderedBytes' | 'filtersIgnored' | 'detections'
  const counter = <K extends Counted | 'optimizations' | 'optimizedBytes'>(key: K) =>
    new Counter({ name: METRICS[key].name, help: METRICS[key].help, labelNames: [...METRICS[key].labels], registers })
  const gauge = (key: 'rendersInFlight' | 'renderQueue' | 'detectorThreads', read: () => number) =>
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
  const detections = counter('detections')
  const optimizations = counter('optimizations')
  const optimizedBytes = counter('optimizedBytes')
  const detectionDurations = new Histogram({
    name: METRICS.detectionDuration.name,
    help: METRICS.detectionDuration.help,
    labelNames: [...METRICS.detectionDuration.labels],
    buckets: [...METRICS.detectionDuration.buckets],
    registers,
  })
  const stages = new Histogram({
    name: METRICS.stageDuration.name,
    help: METRICS.stageDuration.help,
    labelNames: [...METRICS.stageDuration.labels],
    buckets: [...METRICS.stageDuration.buckets],
    registers,
  })
  const durations = new Histogram({
    name: METRICS.imageDuration.name,
    help: METRICS.imageDuration.help,
    buckets: [...METRICS.imageDuration.buckets],
    registers,
  })
  gauge('rendersInFlight', gauges.renders)
  gauge('renderQueue', gauges.queue)
  gauge('detectorThreads', gauges.detectorThreads)
  const sampled = registerProcessMetrics({ Gauge, Counter }, registry, gauges.id)
  let inFlight = 0
  let served = 0
  return {
    registry,
    collect() {
      sampled(gauges.sample())
      return registry.getMetricsAsJSON()
    },
    get inFlight() {
      return inFlight
    },
    get served() {
      return served
    },
    began() {
      inFlight++
    },
    ended(status, ms) {
      inFlight--
      served++
      requests.inc({ status: String(status) })
      durations.observe(ms / 1000)
    },
    stage(stage, ms) {
      stages.observe({ stage }, ms / 1000)
    },
    cache(cache, result) {
      cacheResults.inc({ cache, result })
    },
    detected(detector, outcome, ms) {
      detections.inc({ detector, outcome })
      detectionDurations.observe({ detector }, ms / 1000)
    },
    optimized(program, outcome, saved) {
      optimizations.inc({ program, outcome })
      optimizedBytes.inc({ program }, saved)
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

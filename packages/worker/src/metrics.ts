import { METRICS } from '@imgsvc/core/metrics'
import type { ProcessSample } from '@imgsvc/core/process-sample'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Answer } from './pipeline/picture.ts'
import type { StageName } from './pipeline/stages.ts'

/** What the rest of the worker tells the counters; only this file knows prom-client. */
export interface WorkerMetrics {
  readonly registry: Registry
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
  registerProcess(registry, gauges)
  let inFlight = 0
  return {
    registry,
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
        renderedBytes.inc({ format: answer.result.contentType.slice('image/'.length) }, answer.result.data.length)
      }
    },
  }
}

/** METRICS with process `every`, read when they are scraped. */
function registerProcess(registry: Registry, { id, sample }: WorkerGauges): void {
  const registers = [registry]
  const labelNames = ['process']
  let last: ProcessSample
  const { processRss, processCpu, loopLag, logDropped } = METRICS
  new Gauge({
    name: processRss.name,
    help: processRss.help,
    labelNames,
    registers,
    collect() {
      // First of the four to be collected: one sample serves them all.
      last = sample()
      this.set({ process: id }, last.rssBytes)
    },
  })
  new Gauge({
    name: loopLag.name,
    help: loopLag.help,
    labelNames,
    registers,
    collect() {
      this.set({ process: id }, last.loopLagSeconds)
    },
  })
  // Totals kept elsewhere: set anew at every scrape.
  const total = (spec: { name: string; help: string }, read: () => number) =>
    new Counter({
      name: spec.name,
      help: spec.help,
      labelNames,
      registers,
      collect() {
        this.reset()
        this.inc({ process: id }, read())
      },
    })
  total(processCpu, () => last.cpuSeconds)
  total(logDropped, () => last.logDropped)
}

import { METRICS, type MetricSpec } from '@imgsvc/core/metrics'
import type { ProcessId } from '@imgsvc/core/process'
import { registerProcessMetrics } from '@imgsvc/core/process-metrics'
import type { ProcessSample } from '@imgsvc/core/process-sample'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { type Exchange, statusOf, type Try } from './exchange.ts'
import type { Upstream } from './pool/upstream.ts'

export interface BalancerMetrics {
  /** Counts a finished exchange; `ms` is how long it took. */
  observe(exchange: Exchange, ms: number): void
  /** prom-client's `getMetricsAsJSON()`. */
  collect(): Promise<readonly object[]>
}

export interface MetricsOptions {
  readonly id: ProcessId
  readonly inFlight: () => number
  readonly upstreams: () => readonly Upstream[]
  readonly sample: () => ProcessSample
}

// Methods are the client's to invent: a label must not be.
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])

/** The registry of a balancer process: METRICS of process `balancer` and `every`. */
export function createMetrics(options: MetricsOptions): BalancerMetrics {
  const registers = [new Registry()] as const
  const counter = (spec: MetricSpec) => new Counter({ ...base(spec), registers: [...registers] })
  const gauge = (spec: MetricSpec) => new Gauge({ ...base(spec), registers: [...registers] })
  const requests = counter(METRICS.httpRequests)
  const duration = new Histogram({
    ...base(METRICS.httpDuration),
    buckets: [...METRICS.httpDuration.buckets],
    registers: [...registers],
  })
  const inFlight = gauge(METRICS.httpInFlight)
  const tries = counter(METRICS.upstreamTries)
  const retries = counter(METRICS.upstreamRetries)
  const up = gauge(METRICS.upstreamUp)
  const sampled = registerProcessMetrics({ Gauge, Counter }, registers[0], options.id)

  return {
    observe(exchange, ms) {
      const status = statusOf(exchange)
      const method = exchange.request.method ?? ''
      requests.inc({ method: METHODS.has(method) ? method : 'other', status })
      duration.observe({ status_class: `${Math.floor(status / 100)}xx` }, ms / 1000)
      for (const { worker, outcome } of exchange.tries) tries.inc({ worker, outcome: outcomeLabel(outcome) })
      if (exchange.tries.length > 1) retries.inc(exchange.tries.length - 1)
    },
    async collect() {
      inFlight.set(options.inFlight())
      up.reset()
      for (const { id, state } of options.upstreams()) up.set({ worker: id }, state === 'up' ? 1 : 0)
      sampled(options.sample())
      return registers[0].getMetricsAsJSON()
    },
  }
}

function base(spec: MetricSpec): { name: string; help: string; labelNames: string[] } {
  return { name: spec.name, help: spec.help, labelNames: [...spec.labels] }
}

function outcomeLabel(outcome: Try['outcome']): string {
  return outcome.endsWith('-timeout') ? 'timeout' : outcome
}

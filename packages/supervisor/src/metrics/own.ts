import { METRICS, type MetricSpec } from '@imgsvc/core/metrics'
import { createProcessSampler } from '@imgsvc/core/process-sample'
import { Counter, Gauge, Registry } from 'prom-client'
import type { Controller } from '../process/controller.ts'

/** The supervisor's own metrics. */
export interface OwnMetrics {
  rotated(result: 'ok' | 'failed'): void
  missed(process: string): void
  /** prom-client's `getMetricsAsJSON()` of this moment. */
  json(controllers: readonly Controller[]): Promise<readonly object[]>
  close(): void
}

const SELF = 'supervisor'

export function createOwnMetrics(logDropped: () => number): OwnMetrics {
  const registry = new Registry()
  const sampler = createProcessSampler(logDropped)
  const counter = ({ name, help, labels }: MetricSpec) =>
    new Counter({ name, help, labelNames: [...labels], registers: [registry] })
  const gauge = ({ name, help, labels }: MetricSpec) =>
    new Gauge({ name, help, labelNames: [...labels], registers: [registry] })

  const rotations = counter(METRICS.logRotations)
  const misses = counter(METRICS.scrapeMisses)
  const restarts = counter(METRICS.processRestarts)
  const up = gauge(METRICS.processUp)
  const rss = gauge(METRICS.processRss)
  const cpu = counter(METRICS.processCpu)
  const lag = gauge(METRICS.loopLag)
  const dropped = counter(METRICS.logDropped)
  for (const result of ['ok', 'failed']) rotations.inc({ result }, 0)

  /** Counters that are kept elsewhere are set, not counted. */
  function set(metric: Counter, process: string, value: number): void {
    metric.remove({ process })
    metric.inc({ process }, value)
  }

  return {
    rotated: (result) => rotations.inc({ result }),
    missed: (process) => misses.inc({ process }),
    json(controllers) {
      // Processes that were scaled away must not stay behind.
      restarts.reset()
      up.reset()
      for (const { id, info } of controllers) {
        const { restarts: count, state } = info()
        set(restarts, id, count)
        up.set({ process: id }, state === 'RUNNING' ? 1 : 0)
      }
      const sample = sampler.sample()
      rss.set({ process: SELF }, sample.rssBytes)
      lag.set({ process: SELF }, sample.loopLagSeconds)
      set(cpu, SELF, sample.cpuSeconds)
      set(dropped, SELF, sample.logDropped)
      return registry.getMetricsAsJSON()
    },
    close: sampler.close,
  }
}

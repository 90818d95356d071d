import { METRICS, type MetricSpec } from '@imgsvc/core/metrics'
import { registerProcessMetrics } from '@imgsvc/core/process-metrics'
import { createProcessSampler } from '@imgsvc/core/process-sample'
import { Counter, Gauge, Registry } from 'prom-client'
import type { RotationCounts } from '../logs/rotate/rotator.ts'
import type { Controller } from '../process/controller.ts'
import type { SpareInfo } from '../process/spare.ts'

/** The supervisor's own metrics. */
export interface OwnMetrics {
  readonly logs: RotationCounts
  missed(process: string): void
  /** What became of an event for a hook. */
  hooked(hook: string, result: 'ok' | 'failed' | 'dropped'): void
  /** A crashed worker was replaced by the spare, or there was none. */
  spareAsked(result: 'used' | 'none'): void
  /** prom-client's `getMetricsAsJSON()` of this moment. */
  json(controllers: readonly Controller[], spare?: SpareInfo): Promise<readonly object[]>
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
  const compressions = counter(METRICS.logCompressions)
  const rawDropped = counter(METRICS.logRawDropped)
  const logBytes = gauge(METRICS.logBytes)
  const hookEvents = counter(METRICS.hookEvents)
  const misses = counter(METRICS.scrapeMisses)
  const restarts = counter(METRICS.processRestarts)
  const up = gauge(METRICS.processUp)
  const spareWorkers = gauge(METRICS.spareWorkers)
  const spareAsked = counter(METRICS.spareAsked)
  const sampled = registerProcessMetrics({ Gauge, Counter }, registry, SELF)
  for (const result of ['ok', 'failed']) {
    rotations.inc({ result }, 0)
    compressions.inc({ result }, 0)
  }

  for (const result of ['used', 'none']) spareAsked.inc({ result }, 0)

  return {
    logs: {
      rotated: (result) => rotations.inc({ result }),
      compressed: (result) => compressions.inc({ result }),
      rawDropped: (process, bytes) => rawDropped.inc({ process }, bytes),
      stored: (bytes) => logBytes.set(bytes),
    },
    missed: (process) => misses.inc({ process }),
    hooked: (hook, result) => hookEvents.inc({ hook, result }),
    spareAsked: (result) => spareAsked.inc({ result }),
    json(controllers, spare) {
      // Processes that were scaled away must not stay behind.
      restarts.reset()
      up.reset()
      for (const { id, info } of controllers) {
        const { restarts: count, state } = info()
        restarts.inc({ process: id }, count)
        up.set({ process: id }, state === 'RUNNING' ? 1 : 0)
      }
      spareWorkers.set(spare?.state === 'waiting' ? 1 : 0)
      sampled(sampler.sample())
      return registry.getMetricsAsJSON()
    },
    close: sampler.close,
  }
}

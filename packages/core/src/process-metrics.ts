import { METRICS } from './metrics.ts'
import type { ProcessSample } from './process-sample.ts'

interface Definition<R> {
  readonly name: string
  readonly help: string
  readonly labelNames: string[]
  readonly registers: R[]
}

/** prom-client's two classes, handed in because core depends on no metrics library. */
export interface MetricClasses<R> {
  readonly Gauge: new (definition: Definition<R>) => { set(labels: { process: string }, value: number): void }
  readonly Counter: new (
    definition: Definition<R>,
  ) => {
    reset(): void
    inc(labels: { process: string }, value: number): void
  }
}

/**
 * Registers the metrics every process has (METRICS with process `every`). The returned function puts a sample into
 * them; call it before they are read.
 */
export function registerProcessMetrics<R>(
  { Gauge, Counter }: MetricClasses<R>,
  registry: R,
  process: string,
): (sample: ProcessSample) => void {
  const define = ({ name, help }: { readonly name: string; readonly help: string }): Definition<R> => ({
    name,
    help,
    labelNames: ['process'],
    registers: [registry],
  })
  const rss = new Gauge(define(METRICS.processRss))
  const lag = new Gauge(define(METRICS.loopLag))
  const cpu = new Counter(define(METRICS.processCpu))
  const dropped = new Counter(define(METRICS.logDropped))
  return (sample) => {
    rss.set({ process }, sample.rssBytes)
    lag.set({ process }, sample.loopLagSeconds)
    // Totals kept elsewhere: a counter can only be set by starting over.
    cpu.reset()
    cpu.inc({ process }, sample.cpuSeconds)
    dropped.reset()
    dropped.inc({ process }, sample.logDropped)
  }
}

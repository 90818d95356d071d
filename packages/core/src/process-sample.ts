import { createLoopLag } from './loop-lag.ts'

/** The values of the metrics every process has (METRICS with process `every`), for its own registry. */
export interface ProcessSample {
  readonly rssBytes: number
  readonly cpuSeconds: number
  /** p99 since the last sample. */
  readonly loopLagSeconds: number
  readonly logDropped: number
}

export interface ProcessSampler {
  sample(): ProcessSample
  close(): void
}

export function createProcessSampler(logDropped: () => number): ProcessSampler {
  const lag = createLoopLag()
  return {
    sample: () => ({
      rssBytes: process.memoryUsage.rss(),
      cpuSeconds: cpuMs() / 1000,
      loopLagSeconds: lag.read() / 1000,
      logDropped: logDropped(),
    }),
    close: lag.close,
  }
}

/** CPU time this process has used, user and system, ms. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

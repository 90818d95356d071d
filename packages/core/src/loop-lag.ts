import { createHistogram } from 'node:perf_hooks'

export interface LoopLag {
  /** p99 of the event-loop delay since the last call, ms. */
  read(): number
  close(): void
}

const PERIOD_MS = 20

/**
 * Measures how late this process's timers run. Every reader needs its own, as reading begins a new window.
 * Not perf_hooks.monitorEventLoopDelay: its reset() also forgets the interval under way, so a block right after a
 * reading would never show.
 */
export function createLoopLag(): LoopLag {
  const histogram = createHistogram()
  let last = performance.now()
  const record = () => {
    const now = performance.now()
    histogram.record(Math.max(1, Math.round((now - last - PERIOD_MS) * 1000)))
    last = now
  }
  const timer = setInterval(record, PERIOD_MS)
  timer.unref()
  return {
    read() {
      // A tick that is overdue belongs to this window.
      if (performance.now() - last > PERIOD_MS) record()
      const lag = histogram.count === 0 ? 0 : histogram.percentile(99) / 1000
      histogram.reset()
      return lag
    },
    close: () => clearInterval(timer),
  }
}

/** Where the time of one request goes; the labels of imgsvc_stage_duration_seconds and of Server-Timing. */
export type StageName = 'queue' | 'fetch' | 'decode' | 'detect' | 'render' | 'encode' | 'optimize'

export interface Stages {
  /** Runs and adds the time it took, also when it fails. */
  time<T>(stage: StageName, run: () => Promise<T>): Promise<T>
  /** Adds `ms` to a stage. */
  add(stage: StageName, ms: number): void
  /** Milliseconds by stage, in the order first seen. */
  entries(): readonly (readonly [StageName, number])[]
}

/** `observe` is told every duration as it is added, ms. */
export function createStages(observe: (stage: StageName, ms: number) => void): Stages {
  const total = new Map<StageName, number>()
  const add = (stage: StageName, ms: number): void => {
    total.set(stage, (total.get(stage) ?? 0) + ms)
    observe(stage, ms)
  }
  return {
    add,
    entries: () => [...total],
    async time(stage, run) {
      const from = performance.now()
      try {
        return await run()
      } finally {
        add(stage, performance.now() - from)
      }
    },
  }
}

/** `queue;dur=0.1, fetch;dur=2.4` (W3C Server-Timing). */
export function serverTiming(stages: Stages): string {
  return stages
    .entries()
    .map(([stage, ms]) => `${stage};dur=${ms.toFixed(1)}`)
    .join(', ')
}

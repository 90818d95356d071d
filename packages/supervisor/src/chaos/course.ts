import { sleep } from '@imgsvc/core/clock'
import { ImgsvcError } from '@imgsvc/core/errors'
import { type Excuse, type LoadFigures, loadFigures } from './figures.ts'
import type { Instance } from './instance.ts'
import type { Load, Shot } from './load.ts'
import { lostLines } from './log-lines.ts'

/** Windows of a row, ms. */
export interface Windows {
  /** Load before the fault. */
  readonly before: number
  /** Load from the fault on. */
  readonly after: number
}

/** A row in time: calm, fault, what follows, count. */
export interface Course {
  /** Lets the load run undisturbed. */
  before(): Promise<void>
  /** The fault happens now. */
  fault(): void
  /** When it happened, monotonic ms. */
  faultAt(): number
  /** Lets the load run until `ms` after the fault (default: the window of the row), ends it and counts. */
  after(ms?: number): Promise<LoadFigures>
  /** What `after` counted; throws before. */
  figures(): LoadFigures
  /** Answered requests without a line in the access log. */
  logLost(): number
  /** Requests that were due from the fault on (ms after it). */
  dueAfterFault(fromMs: number, toMs?: number): readonly Shot[]
  /** Losses that are as they should be; to be called before `after`. */
  excuse(excuse: Excuse): void
  /** Directories beside the instance's own where log files were moved to. */
  alsoLookForLogsIn(dir: string): void
}

export interface CourseOptions {
  readonly instance: Pick<Instance, 'logsDir'>
  readonly load: Load
  readonly windows: Windows
  readonly signal: AbortSignal
}

/** Begins the calm before the fault. */
export function createCourse({ instance, load, windows, signal }: CourseOptions): Course {
  const startedAt = performance.now()
  const logDirs: string[] = []
  let faultAt = startedAt
  let figures: LoadFigures | undefined
  let logLost = 0
  let isExcused: Excuse = () => false
  return {
    before: () => sleep(windows.before, signal),
    fault() {
      faultAt = performance.now()
    },
    faultAt: () => faultAt,
    async after(ms = windows.after) {
      await sleep(Math.max(0, faultAt + ms - performance.now()), signal)
      await load.stop()
      const during = { from: faultAt, to: performance.now() }
      figures = loadFigures(load.shots, { from: startedAt, to: faultAt }, during, isExcused)
      logLost = await lostLines(load.shots, [instance.logsDir(), ...logDirs])
      return figures
    },
    figures() {
      if (!figures) throw new ImgsvcError('INTERNAL', 'the load of this row has not ended')
      return figures
    },
    logLost: () => logLost,
    dueAfterFault: (fromMs, toMs = Infinity) =>
      load.shots.filter(({ dueAt }) => dueAt >= faultAt + fromMs && dueAt < faultAt + toMs),
    excuse(excuse) {
      isExcused = excuse
    },
    alsoLookForLogsIn: (dir) => void logDirs.push(dir),
  }
}

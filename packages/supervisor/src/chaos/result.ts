import type { Check } from './checks.ts'
import type { LoadFigures } from './figures.ts'
import type { Others, Row } from './row.ts'
import type { Stage } from './stage.ts'

export type Verdict = 'pass' | 'fail' | 'not possible here'

/** What one row came to. Times ms, memory bytes. */
export interface RowResult extends LoadFigures {
  readonly row: number
  readonly title: string
  readonly bar: string
  readonly others: Others
  readonly verdict: Verdict
  /** Why it is not possible here, what broke the row itself, or what disturbed it. */
  readonly note: string | null
  readonly checks: readonly Check[]
  readonly recover_ms: number | null
  readonly dead_pids: readonly number[]
  readonly log_lost: number
  readonly rss_before: number
  readonly rss_peak: number
  /** Share of the machine that other programs used meanwhile, percent; the commands of the row are among them. */
  readonly foreign_cpu: number
  readonly seconds: number
}

const BUSY_PERCENT = 40

const NOTHING: LoadFigures = {
  sent: 0,
  lost: 0,
  excused: 0,
  wrong: 0,
  reasons: [],
  p50_before: 0,
  p99_before: 0,
  p50_during: 0,
  p99_during: 0,
  max_during: 0,
}

/** The result of a row that was played to its end. */
export function resultOf(row: Row, stage: Stage, seconds: number): RowResult {
  const { checks, watch } = stage
  const foreignCpu = watch.foreignCpu()
  const calm = watch.samples.filter(({ at }) => at < stage.faultAt()).map(({ rss }) => rss)
  return {
    ...blank(row),
    ...stage.figures(),
    verdict: checks.every(({ ok }) => ok) ? 'pass' : 'fail',
    note: foreignCpu > BUSY_PERCENT ? `other programs used ${foreignCpu} % of the machine: times mean little` : null,
    checks,
    recover_ms: stage.victims().size > 0 ? stage.recoverMs() : null,
    dead_pids: stage.deadPids(),
    log_lost: stage.logLost(),
    rss_before: Math.max(0, ...calm),
    rss_peak: Math.max(0, ...watch.samples.map(({ rss }) => rss)),
    foreign_cpu: foreignCpu,
    seconds,
  }
}

/** The result of a row that could not be played. */
export function unplayed(row: Row, verdict: Verdict, note: string, checks: readonly Check[] = []): RowResult {
  return { ...blank(row), verdict, note, checks }
}

function blank({ number, title, bar, others }: Row): RowResult {
  return {
    ...{ row: number, title, bar, others, verdict: 'fail', note: null, checks: [] },
    ...NOTHING,
    ...{ recover_ms: null, dead_pids: [], log_lost: 0, rss_before: 0, rss_peak: 0, foreign_cpu: 0, seconds: 0 },
  }
}

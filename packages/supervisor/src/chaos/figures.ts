import type { Shot } from './load.ts'

/** Times of one row, monotonic ms. */
export interface Span {
  readonly from: number
  readonly to: number
}

export interface LoadFigures {
  readonly sent: number
  readonly lost: number
  /** Losses that the bar of the row allows; they are not among `lost`. */
  readonly excused: number
  /** Answers that pretended to be right and were not. */
  readonly wrong: number
  /** The first losses, with the moment after the fault they were due at: `+120 ms: status 502 for /…`. */
  readonly reasons: readonly string[]
  readonly p50_before: number
  readonly p99_before: number
  readonly p50_during: number
  readonly p99_during: number
  readonly max_during: number
}

const MAX_REASONS = 5

/** Is this loss one that the bar of a row allows, such as a refusal after an orderly end? */
export type Excuse = (shot: Shot) => boolean

/** Counts a load around a fault: `before` ends where the fault begins, `during` is everything after it. */
export function loadFigures(
  shots: readonly Shot[],
  before: Span,
  during: Span,
  isExcused: Excuse = () => false,
): LoadFigures {
  const failed = shots.filter(({ loss }) => loss !== undefined)
  const lost = failed.filter((shot) => !isExcused(shot))
  const [calm, rough] = [latencies(shots, before), latencies(shots, during)]
  return {
    sent: shots.length,
    lost: lost.length,
    excused: failed.length - lost.length,
    wrong: lost.filter(({ loss }) => loss?.reason === 'wrong bytes').length,
    reasons: sample(lost, during.from),
    p50_before: percentile(calm, 0.5),
    p99_before: percentile(calm, 0.99),
    p50_during: percentile(rough, 0.5),
    p99_during: percentile(rough, 0.99),
    max_during: percentile(rough, 1),
  }
}

/** Requests due within a span. */
export function dueIn(shots: readonly Shot[], { from, to }: Span): readonly Shot[] {
  return shots.filter(({ dueAt }) => dueAt >= from && dueAt < to)
}

/** A value of a sorted list at a share of its length, rounded to 0.1; 0 for an empty list. */
export function percentile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return Math.round(value * 10) / 10
}

function latencies(shots: readonly Shot[], span: Span): readonly number[] {
  return dueIn(shots, span)
    .filter(({ loss }) => loss === undefined)
    .map(({ dueAt, doneAt }) => doneAt - dueAt)
    .sort((a, b) => a - b)
}

/** One example of every kind of loss first, then whatever came first. */
function sample(lost: readonly Shot[], faultAt: number): readonly string[] {
  const kinds = new Map(lost.map((shot) => [shot.loss?.reason, shot]).reverse() as [string, Shot][])
  const chosen = new Set([...kinds.values(), ...lost].slice(0, kinds.size + MAX_REASONS))
  const shown = [...chosen].slice(0, MAX_REASONS).sort((a, b) => a.dueAt - b.dueAt)
  return shown.map(({ dueAt, loss, path }) => {
    const ms = Math.round(dueAt - faultAt)
    return `${ms < 0 ? '' : '+'}${ms} ms: ${loss?.detail} for ${path}`
  })
}

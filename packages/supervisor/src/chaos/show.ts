import type { RowResult } from './result.ts'

/** What a terminal shows while the plan runs; `others` is the share of the machine that other programs used. */
export const HEADING = 'row  verdict            lost/sent      p99 ms        ready ms  dead  unlogged  s    others'

/** One line for a result, and one for every check that failed. */
export function resultLines(result: RowResult): readonly string[] {
  const { row, verdict, lost, sent, p99_before, p99_during, recover_ms, dead_pids, log_lost, seconds, foreign_cpu } =
    result
  const cells = [
    String(row).padEnd(3),
    verdict.padEnd(17),
    `${lost}/${sent}`.padEnd(13),
    `${p99_before} → ${p99_during}`.padEnd(12),
    String(recover_ms ?? '-').padEnd(8),
    String(dead_pids.length).padEnd(4),
    String(log_lost).padEnd(8),
    seconds.toFixed(0).padEnd(3),
    `${foreign_cpu} %`,
  ]
  return [
    cells.join('  '),
    ...(result.note === null ? [] : [`       ${result.note}`]),
    ...result.checks.filter(({ ok }) => !ok).map(({ name, detail }) => `       not met: ${name}: ${detail}`),
    ...result.reasons.map((reason) => `       lost: ${reason}`),
  ]
}

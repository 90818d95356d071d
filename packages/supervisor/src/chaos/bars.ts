import type { Stage } from './stage.ts'

/** A status that is wrong for longer than this is not slow but wrong. */
const TRUTH_AT_LAST_MS = 10_000
const RECOVERY_MS = 30_000

// What many rows have in common. A bar that is not met is a failed row; nothing here makes allowances.

/** No request may be lost. */
export function nothingLost(stage: Stage): void {
  const { lost, sent } = stage.figures()
  stage.check('no request lost', lost === 0 && sent > 0, `${lost} of ${sent}`)
}

/** p99 from the fault on against p99 before it. */
export function p99Within(stage: Stage, factor: number): void {
  const { p99_before, p99_during } = stage.figures()
  const detail = `${p99_during} ms after ${p99_before} ms`
  stage.speed(`p99 at most ${factor} times`, p99_during <= p99_before * factor, detail)
}

/** Waits until all workers are ready again, however long that takes within reason. */
export async function recovery(stage: Stage): Promise<void> {
  await stage.until(() => stage.recoverMs() !== null, RECOVERY_MS)
}

/** All workers are ready again. */
export function recoversWithin(stage: Stage, limitMs: number): void {
  stage.within('all workers ready again', stage.recoverMs(), limitMs)
}

/** Every answered request has its line in the access log. */
export function nothingUnlogged(stage: Stage): void {
  stage.check('no log line lost', stage.logLost() === 0, `${stage.logLost()} missing`)
}

/** What holds for every row: no wrong bytes, nobody else dies, status tells the truth within a second. */
export function generalBar(stage: Stage): void {
  const { wrong } = stage.figures()
  stage.check('no wrong bytes', wrong === 0, `${wrong}`)
  const dead = stage.watch.deaths.filter(({ pid }) => stage.deadPids().includes(pid))
  const named = dead.map(({ id, pid }) => `${id} (${pid})`).join(', ')
  stage.check('no other process died', dead.length === 0, named || 'none')
  const untruths = [...stage.watch.untruths]
  const longest = Math.max(0, ...untruths.map(([, ms]) => ms))
  const told = untruths.map(([text, ms]) => `${text}, for ${Math.round(ms)} ms`).join('; ') || 'always'
  stage.check('status tells the truth', longest <= TRUTH_AT_LAST_MS, told)
  stage.speed('status tells the truth within 1 s', longest <= 1000, told)
}

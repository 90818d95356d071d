import type { ActionResult, ProcessInfo } from '@imgsvc/core/control'
import type { Exit } from '@imgsvc/core/process'
import { elapsed, megabytes, seconds } from './format.ts'
import type { Cell, Tone } from './output.ts'

/** Columns of `imgsvc status`. */
export const STATUS_HEADING = [
  'ID',
  'STATE',
  'PID',
  'PORT',
  'UPTIME',
  'RESTARTS',
  'RSS',
  'CPU',
  'IN FLIGHT',
  'LAST EXIT',
] as const

const TONES: Readonly<Record<ProcessInfo['state'], Tone>> = {
  RUNNING: 'good',
  STARTING: 'warn',
  STOPPING: 'warn',
  BACKOFF: 'bad',
  FATAL: 'bad',
  EXITED: 'bad',
  STOPPED: 'faint',
}

/** One row of `imgsvc status`; `now` is epoch ms. */
export function statusRow(process: ProcessInfo, now: number): readonly Cell[] {
  // While it is RUNNING a reason can only be that it does not answer.
  const isSilent = process.state === 'RUNNING' && process.reason !== null
  const marks = [process.surge && 'surge', process.draining && 'draining', isSilent && 'silent'].filter(Boolean)
  const tone = isSilent ? 'bad' : process.draining ? 'warn' : TONES[process.state]
  return [
    process.id,
    { text: [process.state, ...marks].join(' '), tone },
    process.pid === null ? '-' : String(process.pid),
    String(process.port),
    process.since === null ? '-' : elapsed(now - process.since),
    String(process.restarts),
    process.rss === null ? '-' : megabytes(process.rss),
    process.cpu === null ? '-' : `${process.cpu.toFixed(1)} %`,
    process.inFlight === null ? '-' : String(process.inFlight),
    process.lastExit === null ? '-' : describeExit(process.lastExit, now),
  ]
}

/** `SIGKILL 12s ago`, `code 1 3m 07s ago`; `unknown 4s ago` for a child that an earlier supervisor had started. */
function describeExit({ code, signal, at }: Exit, now: number): string {
  const how = signal ?? (code === null ? 'unknown' : `code ${code}`)
  return `${how} ${elapsed(now - at)} ago`
}

/** `worker:2  RUNNING  pid 4312  0.8 s`, or why it failed. */
export function actionLine(result: ActionResult): string {
  const { id, state, pid, ms, ok, reason } = result
  const facts = [id, state, ...(pid === null ? [] : [`pid ${pid}`]), seconds(Math.max(100, ms))]
  return [...facts, ...(ok && reason === undefined ? [] : [reason ?? 'failed'])].join('  ')
}

import type { LogLine } from '@imgsvc/core/control'
import { lineTime } from './line.ts'

/** Merges finite logs, each in its own order, by the time of their lines; a line without one follows the line before it. */
export async function* mergeByTime(logs: readonly AsyncGenerator<LogLine>[]): AsyncGenerator<LogLine> {
  const heads: { log: AsyncGenerator<LogLine>; line: LogLine; time: number }[] = []
  for (const log of logs) {
    const first = await log.next()
    if (!first.done) heads.push({ log, line: first.value, time: lineTime(first.value.line) ?? 0 })
  }
  while (heads.length > 0) {
    const head = heads.reduce((best, other) => (other.time < best.time ? other : best))
    yield head.line
    const next = await head.log.next()
    if (next.done) heads.splice(heads.indexOf(head), 1)
    else {
      head.line = next.value
      head.time = lineTime(next.value.line) ?? head.time
    }
  }
}

/**
 * Lines of several endless logs as they come. Each log is asked for one line at a time: a slow reader slows them all.
 * `stop` makes the logs end; it is called when the reader leaves, so that none is read on behind its back.
 */
export async function* interleave(logs: readonly AsyncGenerator<LogLine>[], stop: () => void): AsyncGenerator<LogLine> {
  const pending = new Map<AsyncGenerator<LogLine>, Promise<IteratorResult<LogLine>>>()
  const arrived: AsyncGenerator<LogLine>[] = []
  let wake = () => {}
  // One reaction per line. Racing all logs for every line would hang one more on each silent log every time, and they
  // would be kept until it speaks.
  const ask = (log: AsyncGenerator<LogLine>) => {
    const line = log.next()
    const settled = () => {
      arrived.push(log)
      wake()
    }
    pending.set(log, line)
    line.then(settled, settled)
  }
  for (const log of logs) ask(log)
  try {
    while (pending.size > 0) {
      const log = arrived.shift()
      if (!log) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        continue
      }
      const result = await (pending.get(log) as Promise<IteratorResult<LogLine>>)
      if (result.done) pending.delete(log)
      else {
        yield result.value
        ask(log)
      }
    }
  } finally {
    stop()
    await Promise.allSettled(pending.values())
  }
}

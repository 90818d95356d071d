import type { Clock } from '@imgsvc/core/clock'
import type { LogLine } from '@imgsvc/core/control'
import { fileNameOf } from '@imgsvc/core/process'
import { openTail, type Tail } from './follow.ts'
import { interleave, mergeByTime } from './merge.ts'

export interface TailLogsOptions {
  readonly dir: string
  /** Ids whose logs are read: processes, or `supervisor`. */
  readonly ids: readonly string[]
  /** Lines of each to begin with. */
  readonly lines: number
  readonly follow: boolean
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** The last lines of several logs in the order of their times, then, when followed, new ones as they are written. */
export async function* tailLogs(options: TailLogsOptions): AsyncGenerator<LogLine> {
  const { dir, ids, clock, lines, follow } = options
  const over = new AbortController()
  const signal = AbortSignal.any([options.signal, over.signal])
  const tails: { id: string; tail: Tail }[] = []
  try {
    for (const id of ids) {
      const tail = await openTail({ dir, base: `${fileNameOf(id)}.log`, lines, follow, clock, signal })
      tails.push({ id, tail })
    }
    yield* mergeByTime(tails.map(({ id, tail }) => labelled(id, tail.recent())))
    if (follow)
      yield* interleave(
        tails.map(({ id, tail }) => labelled(id, tail.followed())),
        () => over.abort(),
      )
  } finally {
    for (const { tail } of tails) await tail.close()
  }
}

async function* labelled(id: string, lines: AsyncGenerator<string>): AsyncGenerator<LogLine> {
  for await (const line of lines) yield { id, line }
}

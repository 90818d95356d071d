import type { Clock } from '@imgsvc/core/clock'
import type { LogLine } from '@imgsvc/core/control'
import { fileNameOf } from '@imgsvc/core/process'
import { openTail, type Tail } from './follow.ts'
import { type LineFilter, lineMatcher } from './line.ts'
import { interleave, mergeByTime } from './merge.ts'

export interface TailLogsOptions extends LineFilter {
  readonly dir: string
  /** Ids whose logs are read: processes, or `supervisor`. */
  readonly ids: readonly string[]
  /** Their own log, or what they write to stderr; default log. */
  readonly stream?: 'log' | 'stderr' | undefined
  /** Lines of each to begin with, the newest of those that are asked for; Infinity: all. */
  readonly lines: number
  readonly follow: boolean
  readonly clock: Clock
  readonly signal: AbortSignal
}

interface OpenedTail {
  readonly id: string
  readonly tail: Tail
  readonly matches: (line: string) => boolean
}

/** The last lines of several logs in the order of their times, then, when followed, new ones as they are written. */
export async function* tailLogs(options: TailLogsOptions): AsyncGenerator<LogLine> {
  const { dir, ids, clock, lines, follow, since, level, requestId } = options
  const over = new AbortController()
  const signal = AbortSignal.any([options.signal, over.signal])
  const isFiltered = lines > 0 && (since !== undefined || level !== undefined || requestId !== undefined)
  const tails: OpenedTail[] = []
  try {
    for (const id of ids) {
      const base = `${fileNameOf(id)}${options.stream === 'stderr' ? '.stderr' : ''}.log`
      // How many lines have to be read for so many that match is not known beforehand.
      const read = isFiltered ? Number.POSITIVE_INFINITY : lines
      const tail = await openTail({ dir, base, lines: read, since, follow, clock, signal })
      tails.push({ id, tail, matches: lineMatcher({ since, level, requestId }) })
    }
    yield* mergeByTime(tails.map((one) => newest(labelled(one, one.tail.recent()), isFiltered ? lines : undefined)))
    if (follow)
      yield* interleave(
        tails.map((one) => labelled(one, one.tail.followed())),
        () => over.abort(),
      )
  } finally {
    for (const { tail } of tails) await tail.close()
  }
}

async function* labelled({ id, matches }: OpenedTail, lines: AsyncGenerator<string>): AsyncGenerator<LogLine> {
  for await (const line of lines) if (matches(line)) yield { id, line }
}

/** The last `count` lines; all of them without a number. */
async function* newest(lines: AsyncGenerator<LogLine>, count = Number.POSITIVE_INFINITY): AsyncGenerator<LogLine> {
  if (count === Number.POSITIVE_INFINITY) return yield* lines
  const kept: LogLine[] = []
  let total = 0
  for await (const line of lines) kept[total++ % count] = line
  const first = total > count ? total % count : 0
  yield* kept.slice(first)
  yield* kept.slice(0, first)
}

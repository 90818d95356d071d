import { type Clock, sleep } from '@imgsvc/core/clock'
import { createLineSplitter } from './line-splitter.ts'
import { bytesFrom, createLogChain, type LogChain, type OpenLog } from './log-chain.ts'
import { recentSegments } from './recent.ts'

export interface TailOptions {
  readonly dir: string
  /** File name of the log; `.1`, `.2.gz`, … are its rotated predecessors. */
  readonly base: string
  /** Lines to begin with; Infinity: all. */
  readonly lines: number
  /** Rotated files written last before this moment are left out, epoch ms; default: none is. */
  readonly since?: number | undefined
  /** `followed` will be read: a last line without newline waits for its rest. */
  readonly follow: boolean
  readonly clock: Clock
  /** Ends `followed`. */
  readonly signal: AbortSignal
  readonly pollMs?: number | undefined
}

/** The end of a log, and what comes after it: together no line is lost or doubled, also across rotations. */
export interface Tail {
  /** The last lines; read it to its end first. */
  recent(): AsyncGenerator<string>
  /** The lines from there on, until the signal fires. */
  followed(): AsyncGenerator<string>
  close(): Promise<void>
}

const POLL_MS = 100
// A successor that is missing this often is not being renamed at this moment: there is a gap in the numbers.
const GAP_POLLS = 5

/** Opens the end of a log; the files are found now, so a rotation after this call changes nothing. */
export async function openTail(options: TailOptions): Promise<Tail> {
  const chain = createLogChain(options.dir, options.base)
  const segments = await recentSegments(chain, options.lines, options.since ?? 0)
  const opened = new Set<OpenLog>(segments.map(({ log }) => log))
  const splitter = createLineSplitter()
  let current = segments.at(-1)?.log
  let position = segments.at(-1)?.from ?? 0

  async function* read(log: OpenLog): AsyncGenerator<string> {
    for await (const bytes of bytesFrom(log, position)) {
      position += bytes.length
      yield* splitter.push(bytes)
    }
  }

  async function* readToEnd(log: OpenLog): AsyncGenerator<string> {
    yield* read(log)
    const rest = splitter.rest()
    if (rest !== undefined) yield rest
    opened.delete(log)
    await log.file.close()
  }

  return {
    async *recent() {
      for (const { log, from } of segments) {
        position = from
        if (options.follow && log === current) yield* read(log)
        else yield* readToEnd(log)
      }
    },
    async *followed() {
      const successorOf = createSuccession(chain)
      while (!options.signal.aborted) {
        if (current) {
          if ((await current.file.stat()).size < position) position = 0 // begun anew: `backups: 0`
          yield* read(current)
        }
        const successor = await successorOf(current)
        if (successor) {
          opened.add(successor)
          // Its writer has gone on to the successor: what is in it by now is all there will ever be.
          if (current) yield* readToEnd(current)
          current = successor
          position = 0
        } else {
          // Aborted while waiting: the loop ends.
          await sleep(options.pollMs ?? POLL_MS, options.signal, options.clock).catch(() => undefined)
        }
      }
    },
    async close() {
      for (const log of opened) await log.file.close()
      opened.clear()
    },
  }
}

/** Finds the file a writer has gone on to; undefined while it still writes to the one given, or has none yet. */
function createSuccession(chain: LogChain): (log: OpenLog | undefined) => Promise<OpenLog | undefined> {
  let gaps = 0
  return async (log) => {
    const index = log && (await chain.indexOf(log))
    if (index === 0) return undefined
    // Deleted, or never there: the oldest file that exists is the next.
    const next = await chain.below(index ?? Number.POSITIVE_INFINITY)
    if (next === undefined) return undefined
    if (index !== undefined && next !== index - 1 && ++gaps < GAP_POLLS) return undefined
    const opened = await chain.openAt(next)
    // A rotation in between would have skipped a file.
    if (log && opened && (await chain.indexOf(log)) !== index) {
      await opened.file.close()
      return undefined
    }
    gaps = 0
    return opened
  }
}

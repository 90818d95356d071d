import type { FileHandle } from 'node:fs/promises'
import { bytesFrom, type LogChain, type OpenLog } from './log-chain.ts'

/** Where the last lines of a log begin: open files, oldest first, each with the byte to read from. */
export interface Segment {
  readonly log: OpenLog
  readonly from: number
}

const CHUNK = 64 * 1024
const NEWLINE = 0x0a
// A log that is rotated faster than its files can be found gives fewer old lines, not an endless search.
const MAX_TRIES = 10

/**
 * Opens the files that hold the last `lines` lines of a log (Infinity: all of them), rotated ones included, except for
 * files written last before `since` (epoch ms). They stay open, so that reading them forward later gives exactly what
 * was there. Empty when nothing has been written yet. The caller closes them.
 */
export async function recentSegments(chain: LogChain, lines: number, since: number): Promise<Segment[]> {
  const segments: Segment[] = []
  let missing = lines
  try {
    let log = await openNewest(chain)
    while (log) {
      const isTooOld = segments.length > 0 && (await log.file.stat()).mtimeMs < since
      if (isTooOld) {
        await log.file.close()
        return segments
      }
      const segment = { log, from: 0 }
      segments.unshift(segment)
      if (missing !== Number.POSITIVE_INFINITY) {
        const { from, found } = await (log.isCompressed ? lastLinesForward(log, missing) : lastLines(log.file, missing))
        segment.from = from
        missing -= found
      }
      log = missing > 0 ? await openOlder(chain, log) : undefined
    }
    return segments
  } catch (error) {
    for (const { log } of segments) await log.file.close()
    throw error
  }
}

async function openNewest(chain: LogChain): Promise<OpenLog | undefined> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const index = await chain.above(-1)
    if (index === undefined) return undefined
    const log = await chain.openAt(index)
    if (log) return log
  }
  return undefined
}

/** The file before this one, which must not have moved while it was looked for. */
async function openOlder(chain: LogChain, log: OpenLog): Promise<OpenLog | undefined> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const index = await chain.indexOf(log)
    const older = index === undefined ? undefined : await chain.above(index)
    if (index === undefined || older === undefined) return undefined
    const opened = await chain.openAt(older)
    if (opened && (await chain.indexOf(log)) === index) return opened
    await opened?.file.close()
  }
  return undefined
}

/** Where the last `lines` lines of a file begin, and how many there are (a last one without newline counts). */
async function lastLines(file: FileHandle, lines: number): Promise<{ from: number; found: number }> {
  const { size } = await file.stat()
  if (lines === 0 || size === 0) return { from: size, found: 0 }
  const buffer = Buffer.alloc(CHUNK)
  let found = 0
  for (let end = size; end > 0; ) {
    const begin = Math.max(0, end - CHUNK)
    const { bytesRead } = await file.read(buffer, 0, end - begin, begin)
    for (let at = bytesRead - 1; at >= 0; at--) {
      // The newline at the very end closes the last line; every other one closes the line before it.
      if (buffer[at] !== NEWLINE || begin + at === size - 1) continue
      found++
      if (found === lines) return { from: begin + at + 1, found }
    }
    end = begin
  }
  return { from: 0, found: found + 1 }
}

/** The same of a compressed file, which can only be read from its beginning; `from` counts its uncompressed bytes. */
async function lastLinesForward(log: OpenLog, lines: number): Promise<{ from: number; found: number }> {
  /** Where the lines begin, the last `lines` of them. */
  const starts: number[] = []
  let total = 0
  let position = 0
  let isAtStart = true
  for await (const chunk of bytesFrom(log, 0)) {
    for (let at = 0; at < chunk.length; ) {
      if (isAtStart) starts[total++ % lines] = position + at
      const newline = chunk.indexOf(NEWLINE, at)
      isAtStart = newline !== -1
      at = isAtStart ? newline + 1 : chunk.length
    }
    position += chunk.length
  }
  if (total <= lines) return { from: 0, found: total }
  return { from: starts[total % lines] as number, found: lines }
}

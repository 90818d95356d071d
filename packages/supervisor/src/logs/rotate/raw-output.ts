import { fstatSync, readSync, truncateSync } from 'node:fs'
import { appendFile, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { carryOut } from './carry-out.ts'
import { appendPart, type Range, wholeLines } from './copy-lines.ts'
import { holeLength, punchHole } from './hole.ts'
import { isNewPeriod } from './period.ts'
import { createRateAllowance } from './rate-allowance.ts'
import { openRawSource, type RawSource } from './raw-source.ts'
import { rotation } from './rotation.ts'

export interface RawLimits {
  readonly maxBytes: number
  readonly rotateEvery: number
  readonly backups: number
  /** Bytes a second that are kept; 0 is no limit. */
  readonly maxRate: number
  /** Most that is kept of what came since the last look, whatever the rate; bytes. */
  readonly maxKept: number
}

/** What a look at raw output did. */
export interface RawLook {
  readonly rotated: boolean
  /** Bytes that came too fast to be kept. */
  readonly dropped: number
  /** Bytes written since the last look. */
  readonly grown: number
}

export interface RawOutput {
  /** Rotates when it is due. `names` is the directory, `now` epoch ms. Throws the system's error; nothing is lost then. */
  look(limits: RawLimits, names: readonly string[], now: number): Promise<RawLook>
}

export interface RawOutputOptions {
  readonly dir: string
  readonly name: string
  /** The process whose stderr it is, while it runs. */
  pid?(): number | undefined
  readonly punch?: typeof punchHole
}

const NEWLINE = 0x0a
const QUIET_MS = 1000
/** The same when the last line is not finished: its rest may still come. */
const QUIET_WITHIN_LINE_MS = 10_000
/** Of a flood, what comes while a look copies is kept up to this: its last words may be among it. */
const LATE_BYTES = 16 * 1024
/** No block of a file system is larger: a block that was freed in part is freed whole with the part that follows. */
const BLOCK_BYTES = 64 * 1024

/**
 * Rotates what a process writes to its stderr. Its descriptor cannot be replaced from outside, nor from inside without
 * a moment in which another file could take the number 2. So the lines are copied to the rotated file, and the part of
 * the original that was copied becomes a hole: nothing that is written meanwhile is touched. The file begins anew, at
 * size 0, once it has been silent for a second. Where holes are not supported it begins anew at once, and a line
 * written between the last look at it and that moment, one system call, is lost.
 *
 * Of a flood, output that comes faster than it may be kept, lines are lost in any case: there the file is cut at once,
 * by one system call, which needs no other program while the disk fills. What is kept of it joins the last rotated file
 * up to the limit, so that a flood does not push everything else out within a second.
 */
export function createRawOutput({ dir, name, pid = () => undefined, punch = punchHole }: RawOutputOptions): RawOutput {
  const path = join(dir, name)
  let met: { readonly inode: number; readonly isAstray: boolean } | undefined
  /** Where the part that belongs to others ends: a file that was moved away stays as it was. */
  let floor = 0
  /** Where the part ends that is taken care of. */
  let head = 0
  let size = 0
  let grewAt = 0
  let begunAt: number | undefined
  const allowance = createRateAllowance()

  async function meet({ file, stats, isAstray }: RawSource, now: number): Promise<void> {
    met = { inode: stats.ino, isAstray }
    // What is in a file that was moved away is where its owner wants it; what comes from now on belongs here.
    floor = isAstray && stats.nlink > 0 ? stats.size : 0
    head = floor || (await holeLength(file))
    size = stats.size
    grewAt = now
    // Some file systems do not know when a file was made.
    begunAt ??= Math.max(stats.birthtimeMs, await bornAt(`${path}.1`)) || now
  }

  async function keep(source: RawSource, limits: RawLimits, names: readonly string[], now: number): Promise<RawLook> {
    const isKept = limits.backups > 0 || source.isAstray
    // Much of the cap is taken already, and more comes with every byte that is copied: the sooner it is cut the better.
    const isUrgent = size - head > 2 * limits.maxKept
    const allowed = isUrgent ? Math.min(limits.maxBytes, allowance.left(limits)) : allowance.left(limits)
    const lines = await wholeLines(source.file, { begin: head, end: size }, allowed)
    const early = lines.begin - head
    const isFlood = early > 0 && !source.isAstray
    const joins = isFlood && isKept && (await hasRoom(`${path}.1`, lines, limits))
    const target = source.isAstray ? path : joins ? `${path}.1` : `${path}.copy`
    if (isKept) {
      await carryOut(dir, target === `${path}.copy` ? [{ type: 'delete', name: `${name}.copy` }] : [])
      await appendPart(source.path, target, lines, early > 0 ? headingFor(early) : '')
      allowance.spend(lines.end - lines.begin)
    }
    const isRotated = !source.isAstray && !joins
    if (isRotated && isKept) await carryOut(dir, rotation(name, names, limits.backups, `${name}.copy`))
    const copy = source.isAstray || !isKept ? path : `${path}.1`
    const late = isFlood ? await cut(source, lines.end, isKept ? copy : undefined) : 0
    if (!isFlood) await release(source, lines.end, copy, limits.backups > 0)
    begunAt = now
    return { rotated: isRotated, dropped: early + late, grown: 0 }
  }

  /** Begins anew at once; of what has come since `end` the last part joins the copy. Resolves to the bytes dropped. */
  async function cut({ path: open, file }: RawSource, end: number, copy: string | undefined): Promise<number> {
    const all = fstatSync(file.fd).size - end
    const last = Buffer.alloc(copy === undefined ? 0 : Math.min(all, LATE_BYTES))
    const read = readSync(file.fd, last, 0, last.length, end + all - last.length)
    truncateSync(open)
    head = 0
    size = 0
    const lines = all > read ? last.subarray(last.indexOf(NEWLINE) + 1, read) : last.subarray(0, read)
    const dropped = all - lines.length
    if (copy !== undefined && all > 0) {
      await appendFile(copy, dropped > 0 ? Buffer.concat([Buffer.from(headingFor(dropped)), lines]) : lines)
      allowance.spend(lines.length)
    }
    return dropped
  }

  /** Frees the disk space up to `end`. */
  async function release(source: RawSource, end: number, copy: string, isCopied: boolean): Promise<void> {
    if (await punch(source.path, Math.max(floor, head - (head % BLOCK_BYTES)), end)) {
      head = end
      return
    }
    let copied = end
    for (let { size } = await source.file.stat(); size > copied && isCopied; { size } = await source.file.stat()) {
      await appendPart(source.path, copy, { begin: copied, end: size })
      copied = size
    }
    await beginAnew(source)
  }

  /** The output has fallen silent: what has come since the last rotation joins it, and the file begins anew. */
  async function settle(source: RawSource, limits: RawLimits, now: number): Promise<void> {
    const rest = { begin: head, end: size }
    const isFinished = size === head || (await wholeLines(source.file, rest, size)).end === size
    if (!isFinished && now - grewAt < QUIET_WITHIN_LINE_MS) return
    if (size > head && limits.backups > 0) await appendPart(source.path, `${path}.1`, rest)
    if (size === head || limits.backups > 0) await beginAnew(source)
  }

  async function beginAnew(source: RawSource): Promise<void> {
    await truncate(source.path, floor)
    head = floor
    size = floor
  }

  /** What cannot be copied (the disk is full) must not fill the disk either. */
  async function shed(source: RawSource, limits: RawLimits): Promise<number> {
    const end = size - limits.maxBytes
    if (end <= head || size - head <= 2 * limits.maxBytes) return 0
    const range: Range = await wholeLines(source.file, { begin: head, end }, end - head)
    const dropped = range.end - head
    await release(source, range.end, path, false)
    return dropped
  }

  async function look(source: RawSource, limits: RawLimits, names: readonly string[], now: number): Promise<RawLook> {
    if (met?.inode !== source.stats.ino || met.isAstray !== source.isAstray) await meet(source, now)
    allowance.look(limits, now)
    const grown = Math.max(0, source.stats.size - size)
    // Later than now: the clock was set back, and silence begins anew.
    if (grown > 0 || grewAt > now) grewAt = now
    size = source.stats.size
    if (size < head) [floor, head] = [0, 0] // begun anew by somebody else
    const pending = size - head
    const isPeriodOver = pending > 0 && isNewPeriod(begunAt ?? now, now, limits.rotateEvery)
    if ((limits.maxBytes > 0 && pending > limits.maxBytes) || isPeriodOver || (source.isAstray && pending > 0)) {
      try {
        return { ...(await keep(source, limits, names, now)), grown }
      } catch (error) {
        const dropped = await shed(source, limits)
        if (dropped > 0) return { rotated: false, dropped, grown }
        throw error
      }
    }
    if (head > floor && now - grewAt >= QUIET_MS) await settle(source, limits, now)
    return { rotated: false, dropped: 0, grown }
  }

  return {
    async look(limits, names, now) {
      const source = await openRawSource(path, pid())
      if (!source) return { rotated: false, dropped: 0, grown: 0 }
      try {
        return await look(source, limits, names, now)
      } finally {
        await source.file.close()
      }
    },
  }
}

function headingFor(dropped: number): string {
  return `[imgsvc] ${dropped} bytes were dropped here: they came faster than logs.maxRate\n`
}

/** Can this part of a flood join the last rotated file without making it larger than others? */
async function hasRoom(path: string, { begin, end }: Range, { maxBytes }: RawLimits): Promise<boolean> {
  try {
    return (await stat(path)).size + end - begin <= maxBytes
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false // never rotated, or compressed since
    throw error
  }
}

async function bornAt(path: string): Promise<number> {
  try {
    return (await stat(path)).birthtimeMs
  } catch {
    return 0 // never rotated, or compressed since: the file itself tells
  }
}

import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '@imgsvc/core/clock'
import type { Config } from '@imgsvc/core/config/schema'
import type { Logger } from '@imgsvc/core/log'
import { createSerial } from '../../serial.ts'
import { carryOut } from './carry-out.ts'
import { createComplaints } from './complaints.ts'
import { createCompressor } from './compressor.ts'
import { storedLogs } from './log-directory.ts'
import { isNewPeriod } from './period.ts'
import { createRawOutput, type RawOutput } from './raw-output.ts'
import { rotation, surplus } from './rotation.ts'
import { overCap, rotationSize } from './total-cap.ts'

/** A log under rotation. */
export type RotatedLog = OpenedLog | RawLog

/** A log whose writer opens its name again when it is asked to, or by itself within a second. */
export interface OpenedLog {
  /** File name within the directory. */
  readonly name: string
  readonly writer: 'reopen'
  /** Asks the writer; it may fail. */
  reopen?(): Promise<void> | void
}

/** A log whose writer keeps its descriptor: the stderr of a process. */
export interface RawLog {
  readonly name: string
  readonly writer: 'hold'
  /** Id of the process, for the metrics. */
  readonly process: string
  pid?(): number | undefined
}

export type RotationPolicy = Pick<
  Config['logs'],
  'rotate' | 'rotateEvery' | 'maxBytes' | 'backups' | 'compress' | 'maxTotal' | 'maxRate'
>

/** What the rotator counts. */
export interface RotationCounts {
  rotated(result: 'ok' | 'failed', name: string): void
  compressed(result: 'ok' | 'failed'): void
  rawDropped(process: string, bytes: number): void
  /** Disk space of all logs, bytes. */
  stored(bytes: number): void
}

export interface RotatorOptions {
  /** The directory of all logs. */
  readonly dir: string
  readonly clock: Clock
  readonly log: Logger
  policy(): RotationPolicy
  /** The logs of this moment. */
  logs(): readonly RotatedLog[]
  readonly counts: RotationCounts
}

/** Rotates logs for as long as it runs. A failure never stops a writer: it is logged, counted and tried again. */
export interface Rotator {
  /** One look at every log; resolves when the rotations due are done. Compression goes on behind it. */
  check(): Promise<void>
  /** Resolves when no file is being compressed. */
  compressed(): Promise<void>
  close(): Promise<void>
}

const LOOK_MS = 250
const SOONEST_MS = 50
/** With a small cap the looks are closer, and no closer than this while nothing happens. */
const IDLE_MS = 100
/** What a program can write in a millisecond, bytes: 200 MB a second. */
const FLOOD_RATE = 200_000
/** Share of the cap that a flood may take before it is seen. */
const UNSEEN = 1 / 4
const CAP_MS = 1000
const FEWEST_KEPT = 64 * 1024

export function createRotator(options: RotatorOptions): Rotator {
  const { dir, clock, log, counts } = options
  const serial = createSerial()
  const complaints = createComplaints(log, clock)
  const raw = new Map<string, RawOutput>()
  const compressor = createCompressor({
    dir,
    clock,
    exclusive: serial,
    counted(result) {
      counts.compressed(result)
      if (result === 'ok') complaints.healed('compression')
    },
    failed: (name, error) => complaints.failed('compression', error, `${name} cannot be compressed`),
  })
  let running: Promise<void> | undefined
  let closed = false
  let lookedAt = clock.monotonic()
  let cappedAt = Number.NEGATIVE_INFINITY
  let wait = LOOK_MS
  let cancel = clock.timer(LOOK_MS, tick)

  function tick(): void {
    void check().then(() => {
      if (!closed) cancel = clock.timer(wait, tick)
    })
  }

  function check(): Promise<void> {
    running ??= serial(lookAtAll).finally(() => {
      running = undefined
    })
    return running
  }

  async function lookAtAll(): Promise<void> {
    const policy = options.policy()
    if (policy.rotate === 'off') return
    await guarded('all', 'the logs cannot be looked after', async () => {
      const logs = options.logs()
      const names = await readdir(dir)
      const limit = rotationSize(policy.maxBytes, policy.maxTotal, logs.length)
      const looks: Look[] = []
      for (const target of logs) {
        const result = await guarded(target.name, 'a log cannot be rotated; it goes on growing', () =>
          target.writer === 'hold' ? lookAtRaw(target, names, limit) : lookAtOpened(target, names, limit),
        )
        if (result) looks.push(result)
      }
      complaints.tellLosses()
      wait = nextLook(looks, limit, policy.maxTotal)
      if (looks.some(({ rotated }) => rotated) || clock.monotonic() - cappedAt >= CAP_MS) await keepCap(logs, limit)
      if (policy.compress && policy.backups > 0) compressor.begin(await readdir(dir))
    })
    lookedAt = clock.monotonic()
  }

  /** Runs one part of a look; when it fails, that is counted and told, and the others go on. */
  async function guarded<T>(name: string, message: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await work()
      complaints.healed(name)
      return result
    } catch (error) {
      // The directory was deleted: its writers make it again.
      if (name === 'all' && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      counts.rotated('failed', name)
      complaints.failed(name, error, message)
      return undefined
    }
  }

  async function lookAtOpened(target: OpenedLog, names: readonly string[], limit: number): Promise<Look> {
    const { backups, rotateEvery } = options.policy()
    await carryOut(dir, surplus(target.name, names, backups))
    const { size, birthtimeMs } = await statOf(join(dir, target.name))
    const now = clock.now()
    const isPeriodOver = size > 0 && birthtimeMs > 0 && isNewPeriod(birthtimeMs, now, rotateEvery)
    if (!(limit > 0 && size > limit) && !isPeriodOver) return { rotated: false, grown: 0 }
    await carryOut(dir, rotation(target.name, names, backups))
    counts.rotated('ok', target.name)
    try {
      await target.reopen?.()
    } catch (error) {
      log.debug({ err: error, file: target.name }, 'reopening was not confirmed')
    }
    return { rotated: true, grown: size }
  }

  async function lookAtRaw(target: RawLog, names: readonly string[], limit: number): Promise<Look> {
    const { backups, rotateEvery, maxRate, maxTotal } = options.policy()
    await carryOut(dir, surplus(target.name, names, backups))
    const output = raw.get(target.name) ?? createRawOutput({ dir, name: target.name, pid: () => target.pid?.() })
    raw.set(target.name, output)
    const maxKept = maxTotal === 0 ? Number.POSITIVE_INFINITY : Math.max(FEWEST_KEPT, maxTotal / 8)
    const limits = { maxBytes: limit, rotateEvery, backups, maxRate, maxKept }
    const { rotated, dropped, grown } = await output.look(limits, names, clock.now())
    if (rotated) counts.rotated('ok', target.name)
    if (dropped > 0) {
      counts.rawDropped(target.process, dropped)
      complaints.lost(target.process, dropped)
    }
    return { rotated, grown }
  }

  async function keepCap(logs: readonly RotatedLog[], limit: number): Promise<void> {
    cappedAt = clock.monotonic()
    const files = await storedLogs(dir)
    const live = new Set(logs.map(({ name }) => name))
    // What a flood adds to a live file until the next look is no reason to delete the past: it goes with that look.
    const lasting = files.map((file) => (live.has(file.name) ? { ...file, bytes: Math.min(file.bytes, limit) } : file))
    const chosen = overCap(lasting, live, options.policy().maxTotal)
    for (const name of chosen) await rm(join(dir, name), { force: true })
    if (chosen.length > 0) log.debug({ files: chosen }, 'the oldest logs were deleted: logs.maxTotal is reached')
    const kept = files.filter(({ name }) => !chosen.includes(name))
    counts.stored(kept.reduce((sum, { bytes }) => sum + bytes, 0))
  }

  /** The faster the fastest log grows, the sooner the next look, so that none outgrows its limit by far. */
  function nextLook(looks: readonly Look[], limit: number, maxTotal: number): number {
    const longest = maxTotal === 0 ? LOOK_MS : clamp((maxTotal * UNSEEN) / FLOOD_RATE, IDLE_MS, LOOK_MS)
    const fastest = Math.max(0, ...looks.map(({ grown }) => grown)) / Math.max(1, clock.monotonic() - lookedAt)
    if (limit === 0 || fastest === 0) return longest
    return clamp(limit / fastest, SOONEST_MS, longest)
  }

  return {
    check,
    compressed: compressor.idle,
    async close() {
      closed = true
      cancel()
      await compressor.close()
      await running
    },
  }
}

interface Look {
  readonly rotated: boolean
  /** Bytes written since the last look, as far as it is known. */
  readonly grown: number
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}

async function statOf(path: string): Promise<{ readonly size: number; readonly birthtimeMs: number }> {
  try {
    return await stat(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { size: 0, birthtimeMs: 0 } // nothing written yet
    throw error
  }
}

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '@imgsvc/core/clock'
import type { Logger } from '@imgsvc/core/log'
import { carryOut } from './carry-out.ts'
import { type RotationPolicy, rotation, type Writer } from './rotation.ts'

/** A log under rotation. */
export interface RotatedLog {
  /** File name within the directory. */
  readonly name: string
  readonly writer: Writer
  /** Asks the writer to open the name again; it may fail, as writers notice a moved file by themselves within 1 s. */
  reopen?(): Promise<void> | void
}

export interface RotatorOptions {
  /** The directory of all logs. */
  readonly dir: string
  readonly clock: Clock
  readonly log: Logger
  policy(): RotationPolicy
  /** The logs of this moment. */
  logs(): readonly RotatedLog[]
  counted(result: 'ok' | 'failed'): void
}

/** Rotates logs for as long as it runs. A failure never stops a writer: it is logged, counted and tried again. */
export interface Rotator {
  /** One look at every log; resolves when the rotations due are done. */
  check(): Promise<void>
  close(): void
}

const INTERVAL_MS = 1000
// A full or read-only disk fails every second: one line a minute says it as well.
const COMPLAINT_INTERVAL_MS = 60_000

export function createRotator(options: RotatorOptions): Rotator {
  const { dir, clock, log } = options
  const complained = new Map<string, number>()
  let running: Promise<void> | undefined
  let closed = false
  let cancel = clock.timer(INTERVAL_MS, tick)

  function tick(): void {
    void check().then(() => {
      if (!closed) cancel = clock.timer(INTERVAL_MS, tick)
    })
  }

  function check(): Promise<void> {
    running ??= rotateAll().finally(() => {
      running = undefined
    })
    return running
  }

  async function rotateAll(): Promise<void> {
    for (const target of options.logs()) {
      try {
        await rotateOne(target)
      } catch (error) {
        options.counted('failed')
        complain(target.name, error)
      }
    }
  }

  async function rotateOne(target: RotatedLog): Promise<void> {
    const size = await sizeOf(join(dir, target.name))
    const policy = options.policy()
    if (policy.maxBytes === 0 || size <= policy.maxBytes) return
    await carryOut(dir, rotation(target.name, size, await readdir(dir), policy, target.writer))
    options.counted('ok')
    complained.delete(target.name)
    try {
      await target.reopen?.()
    } catch (error) {
      log.debug({ err: error, file: target.name }, 'reopening was not confirmed')
    }
  }

  function complain(name: string, error: unknown): void {
    const now = clock.monotonic()
    const last = complained.get(name)
    if (last !== undefined && now - last < COMPLAINT_INTERVAL_MS) return
    complained.set(name, now)
    log.error({ err: error, file: join(dir, name) }, 'a log cannot be rotated; it goes on growing')
  }

  return {
    check,
    close() {
      closed = true
      cancel()
    },
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0 // nothing written yet
    throw error
  }
}

import type { Clock } from '@imgsvc/core/clock'
import type { Logger } from '@imgsvc/core/log'

/** Failures told to the log without filling it. */
export interface Complaints {
  /** Something failed; told once a minute per `what`. */
  failed(what: string, error: unknown, message: string): void
  /** It works again; told when the failure was. */
  healed(what: string): void
  /** Raw output of a process that could not be kept, bytes. */
  lost(process: string, bytes: number): void
  /** Tells losses with their sum: at once, once a minute while they go on, and when they have ended. Call it regularly. */
  tellLosses(): void
}

// A full or read-only disk fails with every look: one line a minute says it as well.
const INTERVAL_MS = 60_000
/** A loss has ended when nothing was lost for so long. */
const QUIET_MS = 1000

export function createComplaints(log: Logger, clock: Clock): Complaints {
  const failures = new Map<string, number>()
  const losses = new Map<string, { bytes: number; lostAt: number; toldAt: number }>()

  return {
    failed(what, error, message) {
      const now = clock.monotonic()
      const last = failures.get(what)
      if (last !== undefined && now - last < INTERVAL_MS) return
      failures.set(what, now)
      log.error({ err: error, file: what }, message)
    },
    healed(what) {
      if (failures.delete(what)) log.info({ file: what }, 'log rotation works again')
    },
    lost(process, bytes) {
      const loss = losses.get(process) ?? { bytes: 0, lostAt: 0, toldAt: Number.NEGATIVE_INFINITY }
      losses.set(process, { ...loss, bytes: loss.bytes + bytes, lostAt: clock.monotonic() })
    },
    tellLosses() {
      const now = clock.monotonic()
      for (const [process, { bytes, lostAt, toldAt }] of losses) {
        if (bytes === 0 || (now - toldAt < INTERVAL_MS && now - lostAt < QUIET_MS)) continue
        log.warn({ process, dropped: bytes }, 'raw output was dropped: it came faster than logs.maxRate')
        losses.set(process, { bytes: 0, lostAt, toldAt: now })
      }
    },
  }
}

/** What limits how much raw output is kept. */
export interface RateLimits {
  /** Size at which it is rotated, bytes. */
  readonly maxBytes: number
  /** Bytes a second that are kept; 0 is no limit. */
  readonly maxRate: number
  /** Most that is kept at a time, whatever the rate; bytes. */
  readonly maxKept: number
}

/** How much may be kept at this moment: a token bucket that holds a second's worth. */
export interface RateAllowance {
  /** Bytes that may be kept at `now` (epoch ms); never so few that a log's last lines would be lost. */
  left(limits: RateLimits, now: number): number
  /** `bytes` were kept. */
  spend(bytes: number): void
}

/** The end of a flood says why it ended: so much of it is kept in any case. */
const LEAST_BYTES = 16 * 1024

/** Full at first. */
export function createRateAllowance(): RateAllowance {
  let spent = 0
  let lookedAt: number | undefined

  return {
    left({ maxBytes, maxRate, maxKept }, now) {
      // A clock that was set back gives nothing and takes nothing.
      const elapsedMs = Math.max(0, now - (lookedAt ?? now))
      lookedAt = now
      if (maxRate === 0) return maxKept
      spent = Math.max(0, spent - (maxRate * elapsedMs) / 1000)
      const most = Math.max(2 * maxBytes, maxRate)
      return Math.floor(Math.min(maxKept, Math.max(LEAST_BYTES, most - spent)))
    },
    spend(bytes) {
      spent += bytes
    },
  }
}

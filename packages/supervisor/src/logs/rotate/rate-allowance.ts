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
  /** A look at the output begins, at `now` (epoch ms). */
  look(limits: RateLimits, now: number): void
  /** Bytes that may be kept at this look; never so few that a log's last lines would be lost. */
  left(limits: RateLimits): number
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
    look({ maxRate }, now) {
      // A clock that was set back gives nothing and takes nothing.
      const refill = (maxRate * Math.max(0, now - (lookedAt ?? now))) / 1000
      lookedAt = now
      // Below 0: what is found after a long sleep of this process may have come over all that time.
      spent = Math.max(-refill, spent - refill)
    },
    left({ maxBytes, maxRate, maxKept }) {
      if (maxRate === 0) return maxKept
      const most = Math.max(2 * maxBytes, maxRate)
      return Math.floor(Math.min(maxKept, Math.max(LEAST_BYTES, most - spent)))
    },
    spend(bytes) {
      spent += bytes
    },
  }
}

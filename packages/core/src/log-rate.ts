/** What a rate limit has held back since it was last asked. */
export interface Suppressed {
  readonly lines: number
  readonly bytes: number
}

/** A token bucket over the bytes of lines. */
export interface LogRate {
  /** False: the line came too fast and is counted as suppressed. */
  take(bytes: number): boolean
  /** What was suppressed since the last call; undefined when nothing was. */
  report(): Suppressed | undefined
  /** Lines suppressed so far. */
  total(): number
  setLimit(maxRate: number): void
}

/**
 * Lets `maxRate` bytes a second pass, and as much at once after a quiet second; 0 is no limit. `now` is a monotonic
 * time, ms.
 */
export function createLogRate(maxRate: number, now: () => number = () => performance.now()): LogRate {
  let limit = maxRate
  let tokens = maxRate
  let filledAt = now()
  let total = 0
  let pending = { lines: 0, bytes: 0 }

  function refill(): void {
    const time = now()
    tokens = Math.min(limit, tokens + ((time - filledAt) / 1000) * limit)
    filledAt = time
  }

  return {
    take(bytes) {
      if (limit === 0) return true
      refill()
      // A line longer than a whole second's worth passes once the bucket is full; those after it pay for it.
      if (tokens >= Math.min(bytes, limit)) {
        tokens -= bytes
        return true
      }
      total++
      pending = { lines: pending.lines + 1, bytes: pending.bytes + bytes }
      return false
    },
    report() {
      if (pending.lines === 0) return undefined
      const report = pending
      pending = { lines: 0, bytes: 0 }
      return report
    },
    total: () => total,
    setLimit(maxRate) {
      if (maxRate === limit) return
      limit = maxRate
      tokens = maxRate
      filledAt = now()
    },
  }
}

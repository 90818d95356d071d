/** What the heartbeats of one child come to. */
export interface Pulse {
  beat(): void
  /** No answer for `silentMs`, by its own fault. */
  quiet(silentMs: number, isStopped: boolean): void
  /** It has not answered for so long that it gets no requests. */
  isLost(): boolean
  /** `has not answered for 1.2 s (it is stopped)`; undefined while it answers. */
  describe(): string | undefined
  /** A new child. */
  reset(): void
}

export interface PulseOptions {
  /** Silence after which a child is given up, ms; 0 is never. */
  hangTimeout(): number
  /** `isLost` has changed. */
  changed(isLost: boolean): void
  /** Silent for longer than `hangTimeout`; called once for each child. */
  expired(): void
}

/** Three beats and a bit: a child that works for half a second at a stretch is no news. */
const LOST_MS = 700
/** A stopped child is not at work on anything. */
const STOPPED_LOST_MS = 200

export function createPulse(options: PulseOptions): Pulse {
  let silentMs = 0
  let stopped = false
  let lost = false
  let expired = false

  function become(value: boolean): void {
    if (lost === value) return
    lost = value
    options.changed(value)
  }

  return {
    beat() {
      silentMs = 0
      stopped = false
      become(false)
    },
    quiet(ms, isStopped) {
      silentMs = ms
      stopped = isStopped
      if (ms >= (isStopped ? STOPPED_LOST_MS : LOST_MS)) become(true)
      const most = options.hangTimeout()
      if (expired || most === 0 || ms < most) return
      expired = true
      options.expired()
    },
    isLost: () => lost,
    describe() {
      if (!lost) return undefined
      return `has not answered for ${(silentMs / 1000).toFixed(1)} s${stopped ? ' (it is stopped)' : ''}`
    },
    reset() {
      silentMs = 0
      stopped = false
      lost = false
      expired = false
    },
  }
}

import type { ChildMethods, Health } from '@imgsvc/core/child-control'
import type { Clock } from '@imgsvc/core/clock'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { RpcClient } from '@imgsvc/core/rpc-client'
import { createSilence } from './silence.ts'
import { readThread } from './thread-view.ts'

export interface HeartbeatOptions {
  readonly pid: number
  readonly client: RpcClient<ChildMethods>
  readonly clock: Clock
  /** Ends it: the child is gone. */
  readonly signal: AbortSignal
  /** The child has answered. */
  onBeat(health: Health): void
  /** No answer was there at a beat; `silentMs` is how long it is the child's own fault, `isStopped` why. */
  onSilence(silentMs: number, isStopped: boolean): void
}

/** Pause between two beats, ms. */
export const BEAT_MS = 250

// An unanswered call is given up and made anew, so that a child that wakes up finds only the latest ones.
const PATIENCE_BEATS = 4

/**
 * Asks a child how it is every 250 ms until the signal fires. Only a call that stays without an answer is silence: when
 * the socket is gone (somebody removed the run directory) nothing can be said about the child.
 */
export function startHeartbeat({ pid, client, clock, signal, onBeat, onSilence }: HeartbeatOptions): void {
  const silence = createSilence(BEAT_MS)
  let isAsking = false
  let isUnanswered = false
  let lastBeat = clock.monotonic()
  let cancel = () => {}

  const ask = async () => {
    isAsking = true
    isUnanswered = true
    try {
      const health = await client.call('health', {}, { signal, timeoutMs: PATIENCE_BEATS * BEAT_MS })
      isUnanswered = false
      silence.answered()
      if (!signal.aborted) onBeat(health)
    } catch (error) {
      if (error instanceof ImgsvcError && error.code === 'DEADLINE') return
      isUnanswered = false
      silence.answered()
    } finally {
      isAsking = false
    }
  }

  const beat = () => {
    const now = clock.monotonic()
    const elapsed = now - lastBeat
    lastBeat = now
    cancel = clock.timer(BEAT_MS, beat)
    if (isUnanswered) onSilence(silence.passed(elapsed, readThread(pid)), silence.isStopped())
    if (!isAsking) void ask()
  }
  if (signal.aborted) return
  signal.addEventListener('abort', () => cancel(), { once: true })
  beat()
}

import type { ThreadView } from './thread-view.ts'

/** How long a process has been silent through its own fault. */
export interface Silence {
  /** It has answered. */
  answered(): void
  /**
   * Time has passed without an answer; returns the silence so far, ms. `elapsed` is the time since the last look: what
   * is above the period this process itself has overslept.
   */
  passed(elapsed: number, view: ThreadView | undefined): number
  /** The process was stopped at the last look. */
  isStopped(): boolean
}

/**
 * Measures silence fairly. Two kinds of time do not count: when this process did not get to look (it was starved or
 * stopped itself, so the answer may lie unread), and when the other one was runnable but got no CPU. On a starved
 * machine nobody is taken for hung, while one that is blocked or stopped is found out as soon as on an idle one.
 */
export function createSilence(period: number): Silence {
  let silentMs = 0
  let before: ThreadView | undefined
  let stopped = false
  return {
    answered() {
      silentMs = 0
      before = undefined
      stopped = false
    },
    passed(elapsed, view) {
      silentMs += Math.min(elapsed, period) * fairShare(elapsed, before, view)
      before = view
      stopped = view?.isStopped ?? false
      return silentMs
    },
    isStopped: () => stopped,
  }
}

/** The part of a stretch of time in which the thread either ran or did not want to, 0 to 1. */
function fairShare(elapsed: number, before: ThreadView | undefined, now: ThreadView | undefined): number {
  if (!before || !now || elapsed <= 0) return 1
  const ran = now.ranMs - before.ranMs
  const waited = now.waitedMs - before.waitedMs
  // The kernel adds a wait up when it ends: a thread that waits since before the stretch shows in neither figure.
  if (now.isRunnable && before.isRunnable && ran === 0 && waited === 0) return 0
  return Math.min(1, Math.max(0, 1 - waited / elapsed))
}

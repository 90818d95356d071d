import type { Crash, CrashReason } from '@imgsvc/core/crash'
import type { ProcessId } from '@imgsvc/core/process'
import type { End } from './life.ts'

/** Whose end it was, and what is known about why. */
export interface Ended {
  readonly process: ProcessId
  readonly pid: number
  readonly generation: number
  readonly cause: CrashReason
  readonly message: string
}

/** The record of an end, without what others know about it: its requests and its stack. */
export function crashOf({ process, pid, generation, cause, message }: Ended, end: End): Crash {
  const { exit, stderr, vitals, uptimeMs } = end
  const { at, code, signal } = exit
  return {
    ...{ process, pid, generation, at, reason: cause, code, signal, message, uptimeMs },
    ...{ rss: vitals.rss, heap: vitals.heap, stderr, stack: [], requests: [] },
  }
}

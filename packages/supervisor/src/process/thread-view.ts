import { readFileSync } from 'node:fs'

/** What the kernel knows of a process's main thread, the one its event loop runs on. */
export interface ThreadView {
  /** It is stopped (SIGSTOP, a debugger) and cannot do anything. */
  readonly isStopped: boolean
  /** It wants to run, or does. */
  readonly isRunnable: boolean
  /** Time it has spent on a CPU, ms. */
  readonly ranMs: number
  /** Time it was runnable and waited for a CPU, ms. */
  readonly waitedMs: number
}

/** Reads /proc/<pid>/task/<pid>/stat and schedstat (proc(5)); undefined where they are not available. */
export function readThread(pid: number): ThreadView | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'latin1')
    const state = stat[stat.lastIndexOf(')') + 2]
    // Fields: ns on the CPU, ns in the run queue, time slices.
    const schedstat = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'latin1').trim().split(' ').map(Number)
    const [ran, waited] = schedstat
    if (state === undefined || ran === undefined || waited === undefined) return undefined
    return {
      isStopped: state === 'T' || state === 't',
      isRunnable: state === 'R',
      ranMs: ran / 1e6,
      waitedMs: waited / 1e6,
    }
  } catch {
    return undefined // gone, or a system without /proc or without scheduler statistics: silence alone has to do
  }
}

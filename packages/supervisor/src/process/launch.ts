import { execFile } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { promisify } from 'node:util'
import type { LaunchConfig } from '@imgsvc/core/config/sections/launch'
import type { Logger } from '@imgsvc/core/log'

/** Priority and limits of a new process. */
export type Launch = Pick<LaunchConfig, 'nice' | 'oomScoreAdj' | 'rlimits'> & {
  /** The OOM score was asked for, so that it is worth a word when it cannot be had. */
  readonly oomScoreConfigured: boolean
}

const run = promisify(execFile)

/**
 * Gives a process that has just been forked its priority and limits; what is not possible is a warning, as a process
 * without them serves all the same. Never rejects.
 */
export async function applyLaunch(pid: number, launch: Launch, log: Logger): Promise<void> {
  if (launch.oomScoreAdj !== 'inherit') {
    try {
      writeFileSync(`/proc/${pid}/oom_score_adj`, String(launch.oomScoreAdj))
    } catch (error) {
      if (launch.oomScoreConfigured) {
        log.warn({ err: error, childPid: pid }, 'oomScoreAdj cannot be set: below the supervisor’s own it needs root')
      }
    }
  }
  if (launch.nice !== 'inherit') reprioritise(pid, launch.nice, log)
  await limit(pid, launch.rlimits, log)
}

/**
 * Gives a process a nice value; what is not possible is a warning. Linux keeps one per thread, and Node has several by the
 * time a process can be named.
 */
export function reprioritise(pid: number, nice: number, log: Pick<Logger, 'warn'>): void {
  try {
    for (const thread of threadsOf(pid)) setPriority(thread, nice)
  } catch (error) {
    log.warn({ err: error, childPid: pid, nice }, 'nice cannot be set: a value below the supervisor’s needs root')
  }
}

function threadsOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number)
  } catch {
    return [pid] // no /proc: the main thread is what can be named
  }
}

/** Node cannot set limits of a process: `prlimit` of util-linux does. */
async function limit(pid: number, rlimits: Launch['rlimits'], log: Logger): Promise<void> {
  const options = Object.entries(rlimits).flatMap(([name, value]) =>
    value === 'inherit' ? [] : [`--${name}=${value}:${value}`],
  )
  if (options.length === 0) return
  try {
    await run('prlimit', ['--pid', String(pid), ...options])
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const message = code === 'ENOENT' ? 'rlimits need the program prlimit of util-linux' : 'rlimits cannot be set'
    log.warn({ err: error, childPid: pid, rlimits }, message)
  }
}

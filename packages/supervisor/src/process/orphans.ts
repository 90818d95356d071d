import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { childClient } from '@imgsvc/core/child-socket'
import { type Clock, sleep } from '@imgsvc/core/clock'
import type { Logger } from '@imgsvc/core/log'
import { parseProcessId } from '@imgsvc/core/process'
import { isSameProcess, type RunRecord, readRunFile } from '@imgsvc/core/run-file'
import type { StatePaths } from '@imgsvc/core/state-dir'
import type { Roles } from './roles.ts'

export interface OrphanOptions {
  readonly paths: StatePaths
  readonly roles: Roles
  readonly clock: Clock
  readonly log: Logger
  /** Time to finish requests before SIGKILL, ms. */
  readonly stopTimeout: number
}

const HANDSHAKE_MS = 1000
const POLL_MS = 20
const EXIT_GRACE_MS = 1000
const KILL_WAIT_MS = 5000
const RUN_FILE = /^(?:worker|balancer)-\d{1,4}\.json$/

/**
 * The children that an earlier supervisor left running: a run file, whose pid and kernel start time are those of a
 * live process, which answers as that child on its socket or was started with our program. Run files of dead
 * processes are removed.
 */
export async function findOrphans({ paths, roles }: Pick<OrphanOptions, 'paths' | 'roles'>): Promise<RunRecord[]> {
  const orphans: RunRecord[] = []
  for (const name of readdirSync(paths.run).filter((file) => RUN_FILE.test(file))) {
    const path = join(paths.run, name)
    const record = readRunFile(path)
    if (record && isSameProcess(record) && (await isOurs(record, paths, roles))) orphans.push(record)
    else rmSync(path, { force: true })
  }
  return orphans
}

/**
 * Stops them as a supervisor would: balancers first, then workers idle, SIGTERM, SIGKILL. Resolves when they are gone;
 * one that the kernel cannot end is logged and its port will be reported as taken.
 */
export async function stopOrphans(orphans: readonly RunRecord[], options: OrphanOptions): Promise<void> {
  const [balancers, workers] = [true, false].map((first) =>
    orphans.filter((orphan) => (parseProcessId(orphan.id).role === 'balancer') === first),
  ) as [RunRecord[], RunRecord[]]
  await Promise.all(balancers.map((orphan) => stopOrphan(orphan, options)))
  await Promise.all(workers.map((orphan) => stopOrphan(orphan, options)))
}

async function isOurs(record: RunRecord, paths: StatePaths, roles: Roles): Promise<boolean> {
  try {
    const identity = await childClient(paths.socketOf(record.id)).call('identity', {}, { timeoutMs: HANDSHAKE_MS })
    return identity.pid === record.pid && identity.id === record.id
  } catch {
    // A frozen child does not answer, but it still holds its port: its command line tells.
    return commandLine(record.pid).includes(roles[parseProcessId(record.id).role].entry)
  }
}

function commandLine(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return [] // gone, or no /proc: not provably ours, so it is left alone
  }
}

async function stopOrphan(orphan: RunRecord, options: OrphanOptions): Promise<void> {
  const { paths, roles, log, stopTimeout } = options
  const { id, pid } = orphan
  const end = options.clock.monotonic() + stopTimeout
  log.warn({ process: id, childPid: pid }, 'stopping a process that an earlier supervisor left behind')
  if (roles[parseProcessId(id).role].drains) {
    const deadlineMs = Math.max(0, stopTimeout - Math.min(EXIT_GRACE_MS, stopTimeout / 4))
    await childClient(paths.socketOf(id))
      .call('drain', { deadlineMs }, { timeoutMs: deadlineMs + HANDSHAKE_MS })
      .catch((error: unknown) => log.debug({ err: error, process: id }, 'no answer to drain'))
  }
  signal(orphan, 'SIGTERM')
  if (!(await isGoneBy(orphan, end, options.clock))) {
    log.warn({ process: id, childPid: pid }, 'still running after stopTimeout: killed')
    signal(orphan, 'SIGKILL')
    const gone = await isGoneBy(orphan, options.clock.monotonic() + KILL_WAIT_MS, options.clock)
    if (!gone) log.error({ process: id, childPid: pid }, 'cannot be ended')
  }
  rmSync(paths.runFileOf(id), { force: true })
}

function signal(orphan: RunRecord, name: NodeJS.Signals): void {
  // Looked at again each time: the pid may belong to somebody else by now.
  if (!isSameProcess(orphan)) return
  try {
    process.kill(orphan.pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function isGoneBy(orphan: RunRecord, end: number, clock: Clock): Promise<boolean> {
  while (isSameProcess(orphan)) {
    if (clock.monotonic() >= end) return false
    await sleep(POLL_MS, undefined, clock)
  }
  return true
}

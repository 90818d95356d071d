import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { ControlMethods } from '@imgsvc/core/control'
import { ImgsvcError } from '@imgsvc/core/errors'
import { rpcClient } from '@imgsvc/core/rpc-client'
import { isSameProcess, kernelStartTime } from '@imgsvc/core/run-file'
import type { StatePaths } from '@imgsvc/core/state-dir'

/** What `run/supervisor.json` holds. Pid and start time name a process within one boot, so the boot is kept as well. */
export interface SupervisorRecord {
  readonly pid: number
  readonly startTime: string
  /** The kernel's random id of this boot; '' where there is none. */
  readonly bootId: string
  /** Epoch ms. */
  readonly startedAt: number
}

/** The state directory belongs to this process. */
export interface Claim {
  /** The supervisor before this one ended without cleaning up during this boot: its children may still run. */
  readonly orphansPossible: boolean
  /** Writes the record again when it was removed. Throws ALREADY_RUNNING, STATE_DIR_UNUSABLE. */
  restore(): void
  release(): void
}

const PROBE_MS = 1000

/**
 * Makes this process the one supervisor of a state directory. Throws ALREADY_RUNNING naming the pid of a live one,
 * which is not touched; a record left behind by a dead one is replaced.
 */
export async function claimStateDir(paths: StatePaths, self: SupervisorRecord = selfRecord()): Promise<Claim> {
  const path = paths.supervisorPid
  const previous = supervisorRecord(path)
  if (previous) await refuseIfLive(paths, previous, self)
  else await refuseIfAnswering(paths)
  takeAway(path, previous)
  publish(path, self)
  return {
    // Only a record of another boot proves that nothing survived; none at all may mean that `run` was cleared.
    orphansPossible: previous === undefined || previous.bootId === self.bootId,
    restore() {
      if (!existsSync(path)) publish(path, self)
    },
    release() {
      if (sameRecord(supervisorRecord(path), self)) rmSync(path, { force: true })
    },
  }
}

/** The record of this process. */
export function selfRecord(): SupervisorRecord {
  return { pid: process.pid, startTime: kernelStartTime(process.pid), bootId: bootId(), startedAt: Date.now() }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return '' // not Linux
  }
}

/** The record at `run/supervisor.json`; undefined when there is none or it is damaged. */
export function supervisorRecord(path: string): SupervisorRecord | undefined {
  try {
    const { pid, startTime, bootId, startedAt } = JSON.parse(readFileSync(path, 'utf8')) as Partial<SupervisorRecord>
    if (!Number.isSafeInteger(pid) || typeof startTime !== 'string') return undefined
    return { pid: pid as number, startTime, bootId: bootId ?? '', startedAt: startedAt ?? 0 }
  } catch {
    return undefined // missing or damaged: the control socket decides
  }
}

async function refuseIfLive(paths: StatePaths, record: SupervisorRecord, self: SupervisorRecord): Promise<void> {
  const alive = record.bootId === self.bootId && isSameProcess(record)
  // Where the kernel gives no start time the pid may be somebody else's: only an answer counts.
  if (!alive || record.startTime === '') return refuseIfAnswering(paths)
  throw new ImgsvcError('ALREADY_RUNNING', `pid ${record.pid} uses ${paths.root}; stop it with \`imgsvc down\` first`)
}

async function refuseIfAnswering(paths: StatePaths): Promise<void> {
  const client = rpcClient<ControlMethods>(paths.supervisorSocket)
  try {
    const { pid } = await client.call('supervisor.info', {}, { timeoutMs: PROBE_MS })
    throw new ImgsvcError('ALREADY_RUNNING', `pid ${pid} uses ${paths.root}; stop it with \`imgsvc down\` first`)
  } catch (error) {
    if (error instanceof ImgsvcError && error.code === 'NOT_RUNNING') return
    if (error instanceof ImgsvcError && error.code === 'ALREADY_RUNNING') throw error
    const detail = `something answers on ${paths.supervisorSocket}, but not as imgsvc does`
    throw new ImgsvcError('ALREADY_RUNNING', detail, { cause: error })
  }
}

/** Removes a dead supervisor's or a damaged record; two that start at once must not remove each other's. */
function takeAway(path: string, previous: SupervisorRecord | undefined): void {
  const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.stale`
  try {
    renameSync(path, aside)
  } catch {
    return // there is none, or somebody else was faster: publishing will tell
  }
  const taken = supervisorRecord(aside)
  // It was replaced between reading and renaming: give it back.
  if (taken && !sameRecord(taken, previous)) giveBack(aside, path)
  rmSync(aside, { force: true })
}

function giveBack(aside: string, path: string): void {
  try {
    linkSync(aside, path)
  } catch (error) {
    // A third one is there already: publishing will refuse us, which is all that matters here.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Appears complete and only when no other record is there: link(2) fails where rename(2) would replace. */
function publish(path: string, self: SupervisorRecord): void {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  try {
    writeFileSync(temporary, `${JSON.stringify(self)}\n`, { mode: 0o600, flag: 'wx' })
    linkSync(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      const winner = supervisorRecord(path)
      throw new ImgsvcError('ALREADY_RUNNING', `pid ${winner?.pid ?? 'unknown'} has just been started`)
    }
    throw new ImgsvcError('STATE_DIR_UNUSABLE', `${path}: ${(error as Error).message}`, { cause: error })
  } finally {
    rmSync(temporary, { force: true })
  }
}

function sameRecord(one: SupervisorRecord | undefined, other: SupervisorRecord | undefined): boolean {
  if (!one || !other) return false
  return one.pid === other.pid && one.startTime === other.startTime && one.bootId === other.bootId
}

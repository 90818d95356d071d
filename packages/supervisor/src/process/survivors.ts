import { readdirSync, readFileSync, rmSync } from 'node:fs'
import type { Identity } from '@imgsvc/core/child-control'
import { childClient } from '@imgsvc/core/child-socket'
import type { Clock } from '@imgsvc/core/clock'
import { type ProcessId, parseProcessId } from '@imgsvc/core/process'
import { isSameProcess, type RunRecord, readRunFile } from '@imgsvc/core/run-file'
import type { StatePaths } from '@imgsvc/core/state-dir'
import type { Roles } from './roles.ts'

/** A child that an earlier supervisor left running. */
export interface Survivor extends RunRecord {
  /** It answered on its socket as the child it is. False: it runs our program, but is busy or hangs. */
  readonly answers: boolean
  /** It says that it takes requests. */
  readonly ready: boolean
}

export interface SurvivorOptions {
  readonly paths: StatePaths
  readonly roles: Roles
  readonly clock: Clock
}

// As long as `health` may take: one that is slower than this counts as silent everywhere.
const HANDSHAKE_MS = 1000
const NAME = /^(worker|balancer)-(\d{1,4})\.(?:json|sock)$/

/**
 * Looks for children of an earlier supervisor by run file and by socket: one that died while a child was booting left a
 * socket alone. A child is known by its answer (its id, and a pid with its kernel start time that is alive), or else by
 * a run file of a live process that was started with our program. Run files of all others are removed; their processes
 * belong to somebody else and are not touched.
 */
export async function findSurvivors(options: SurvivorOptions): Promise<readonly Survivor[]> {
  const ids = new Set(readdirSync(options.paths.run).flatMap(idOf))
  const found = await Promise.all([...ids].map((id) => examine(id, options)))
  return found.filter((one) => one !== undefined)
}

function idOf(file: string): readonly ProcessId[] {
  const [, role, index] = NAME.exec(file) ?? []
  return role === undefined ? [] : [`${role as 'worker' | 'balancer'}:${Number(index)}`]
}

async function examine(id: ProcessId, { paths, roles, clock }: SurvivorOptions): Promise<Survivor | undefined> {
  const record = readRunFile(paths.runFileOf(id))
  const identity = await askIdentity(paths.socketOf(id))
  if (identity?.id === id && isSameProcess(identity)) {
    const startedAt = record?.pid === identity.pid ? record.startedAt : clock.now()
    return { ...identity, startedAt, answers: true }
  }
  // A frozen child does not answer, but it still holds its port: its command line tells.
  const isOurs = record?.id === id && isSameProcess(record) && runs(record.pid, roles[parseProcessId(id).role].entry)
  if (isOurs) return { ...record, answers: false, ready: false }
  rmSync(paths.runFileOf(id), { force: true })
  return undefined
}

async function askIdentity(socket: string): Promise<Identity | undefined> {
  try {
    return await childClient(socket).call('identity', {}, { timeoutMs: HANDSHAKE_MS })
  } catch {
    return undefined // nobody there, silent, or not our protocol: the command line decides
  }
}

function runs(pid: number, program: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(program)
  } catch {
    return false // gone, or no /proc: not provably ours, so it is left alone
  }
}

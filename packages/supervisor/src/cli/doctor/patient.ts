import { readdirSync } from 'node:fs'
import type { Config } from '@imgsvc/core/config/schema'
import type { ProcessInfo, SupervisorInfo } from '@imgsvc/core/control'
import type { ProcessId } from '@imgsvc/core/process'
import { isSameProcess, type RunRecord, readRunFile } from '@imgsvc/core/run-file'
import type { StatePaths } from '@imgsvc/core/state-dir'
import { type SupervisorRecord, supervisorRecord } from '../../pidfile.ts'
import type { ControlClient } from '../client.ts'
import { isLiveSupervisor } from '../supervisor-state.ts'
import type { System } from './system.ts'

/** Everything the checks know about one instance, running or not. */
export interface Patient {
  readonly system: System
  readonly paths: StatePaths
  readonly uid: number | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly version: string
  /** Of the running instance, else of the next `up`; undefined when it cannot be read. */
  readonly config: Config | undefined
  readonly supervisor: SupervisorFacts
  /** Run files of children, each with whether its process lives. */
  readonly children: readonly { readonly record: RunRecord; readonly alive: boolean }[]
}

export interface SupervisorFacts {
  readonly record: SupervisorRecord | undefined
  /** The process of the record lives. */
  readonly alive: boolean
  /** What it said; undefined when it does not answer. */
  readonly info: SupervisorInfo | undefined
  readonly processes: readonly ProcessInfo[]
}

const RUN_FILE = /^(worker|balancer)-(\d{1,4})\.json$/

/** Asks the supervisor who it is. Never rejects: one that does not answer is a finding. */
export async function lookAtSupervisor(paths: StatePaths, client: ControlClient): Promise<SupervisorFacts> {
  const record = supervisorRecord(paths.supervisorPid)
  const alive = record !== undefined && isLiveSupervisor(record)
  try {
    const [info, processes] = await Promise.all([client.call('supervisor.info', {}), client.call('process.list', {})])
    return { record, alive: true, info, processes }
  } catch {
    return { record, alive, info: undefined, processes: [] }
  }
}

/** The run files of the state directory; none when it does not exist or belongs to somebody else. */
export function lookAtChildren(paths: StatePaths): Patient['children'] {
  return filesIn(paths.run).flatMap((file) => {
    const [, role, index] = RUN_FILE.exec(file) ?? []
    if (role === undefined) return []
    const record = readRunFile(paths.runFileOf(`${role}:${Number(index)}` as ProcessId))
    return record ? [{ record, alive: isSameProcess(record) }] : []
  })
}

function filesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir)
  } catch {
    return [] // the check of the state directory says why
  }
}

import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { writeFileAtomic } from './atomic-file.ts'
import type { Identity } from './child-control.ts'
import { type ProcessId, parseProcessId } from './process.ts'

/** What `run/<id>.json` holds: who runs under this id, so that a new supervisor can take it over. */
export interface RunRecord extends Omit<Identity, 'ready'> {
  /** Epoch ms, for people; identity rests on `startTime`. */
  readonly startedAt: number
}

const runRecord = z.object({
  id: z.string().transform((id): ProcessId => {
    parseProcessId(id)
    return id as ProcessId
  }),
  pid: z.int().min(1),
  startTime: z.string(),
  generation: z.int(),
  configHash: z.string(),
  port: z.int().min(0).max(65_535),
  startedAt: z.number(),
})

interface ProcStat {
  readonly state: string
  readonly startTime: string
}

/** Fields 3 and 22 of /proc/<pid>/stat (proc(5)). */
function procStat(pid: number): ProcStat | undefined {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined // no such process, or no /proc on this system
  }
  // Field 2 is the program's name in parentheses and may hold spaces and `)` itself: count from the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, startTime] = [fields[0], fields[19]]
  return state === undefined || startTime === undefined ? undefined : { state, startTime }
}

/** Start time of a process as the kernel counts it, clock ticks since boot; '' where it is not available. */
export function kernelStartTime(pid: number): string {
  return procStat(pid)?.startTime ?? ''
}

/** Writes a run file in one step, readable by its owner only. Throws the system's error. */
export function writeRunFile(path: string, record: RunRecord): void {
  writeFileAtomic(path, `${JSON.stringify(record)}\n`)
}

/** The record of a run file; undefined when there is none or it is not a run file. */
export function readRunFile(path: string): RunRecord | undefined {
  try {
    return runRecord.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    // Missing, unreadable and foreign files mean the same to the caller: there is no process to take over.
    return undefined
  }
}

/**
 * Is the process of this record still the one that wrote it? Pids are reused: only pid and kernel start time
 * together name a process. A zombie counts as gone.
 */
export function isSameProcess(record: Pick<RunRecord, 'pid' | 'startTime'>): boolean {
  const stat = procStat(record.pid)
  if (stat) return stat.startTime === record.startTime && stat.state !== 'Z' && stat.state !== 'X'
  return record.startTime === '' && isAlive(record.pid)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

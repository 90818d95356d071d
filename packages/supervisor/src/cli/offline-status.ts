import { readdir } from 'node:fs/promises'
import { childClient } from '@imgsvc/core/child-socket'
import type { ProcessInfo } from '@imgsvc/core/control'
import { isSelected, type ProcessId, parseSelector } from '@imgsvc/core/process'
import { isSameProcess, type RunRecord, readRunFile } from '@imgsvc/core/run-file'
import type { StatePaths } from '@imgsvc/core/state-dir'

/**
 * A process as its run file and the kernel know it, while the supervisor does not answer: RUNNING when the pid lives and
 * is the one that wrote the file, EXITED otherwise. What only a supervisor knows is missing.
 */
export interface OfflineRow extends ProcessInfo {
  readonly source: 'run-file'
  readonly generation: number
  /** The pid lives and has the start time of the run file. */
  readonly alive: boolean
  /** It has answered on its own socket. */
  readonly answers: boolean
}

const FILE = /^(worker|balancer)-(\d{1,4})\.json$/
const HEALTH_MS = 300

/** The rows of all run files, balancers first, those of `select` only. Never waits longer than a moment. */
export async function offlineRows(paths: StatePaths, select: readonly string[]): Promise<readonly OfflineRow[]> {
  // No directory: nothing has run here.
  const files = await readdir(paths.run).catch(() => [])
  const ids = files.flatMap((file) => {
    const [, role, index] = FILE.exec(file) ?? []
    return role === undefined ? [] : [`${role}:${Number(index)}` as ProcessId]
  })
  const records = ids.flatMap((id) => readRunFile(paths.runFileOf(id)) ?? [])
  const selectors = select.map(parseSelector)
  const chosen = records.filter(
    (record) => selectors.length === 0 || selectors.some((selector) => isSelected(selector, record)),
  )
  return Promise.all(chosen.sort(byRoleAndIndex).map((record) => rowOf(record, paths)))
}

const byRoleAndIndex = (a: RunRecord, b: RunRecord) => a.id.localeCompare(b.id, 'en', { numeric: true })

async function rowOf(record: RunRecord, paths: StatePaths): Promise<OfflineRow> {
  const { id, pid, port, generation, startedAt } = record
  const alive = isSameProcess(record)
  const health = alive
    ? await childClient(paths.socketOf(id))
        .call('health', {}, { timeoutMs: HEALTH_MS })
        .catch(() => undefined)
    : undefined
  return {
    ...{ id, port, generation, alive, source: 'run-file', answers: health !== undefined },
    state: alive ? 'RUNNING' : 'EXITED',
    want: 'up',
    pid: alive ? pid : null,
    since: alive ? startedAt : null,
    restarts: Math.max(0, generation - 1),
    rss: health?.rss ?? null,
    cpu: null,
    inFlight: health?.inFlight ?? null,
    loopLagMs: health?.loopLagMs ?? null,
    draining: health !== undefined && !health.ready,
    lastExit: null,
    reason: reasonOf(record, alive, health !== undefined),
  }
}

function reasonOf({ pid }: RunRecord, alive: boolean, answers: boolean): string | null {
  if (!alive) return `its run file names pid ${pid}, which is gone`
  return answers ? null : 'does not answer on its socket'
}

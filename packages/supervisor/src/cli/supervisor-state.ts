import { isSameProcess } from '@imgsvc/core/run-file'
import type { StatePaths } from '@imgsvc/core/state-dir'
import { type SupervisorRecord, selfRecord, supervisorRecord } from '../pidfile.ts'

/** What the record of a supervisor that does not answer tells: it hangs, is gone, or there is none. */
export function supervisorState(paths: StatePaths): string {
  const record = supervisorRecord(paths.supervisorPid)
  if (!record) return 'there is no supervisor'
  return isLiveSupervisor(record)
    ? `the supervisor, pid ${record.pid}, lives but does not answer`
    : `the supervisor, pid ${record.pid}, is gone`
}

/** Is the supervisor of this record still the process that wrote it? */
export function isLiveSupervisor(record: SupervisorRecord): boolean {
  return record.bootId === selfRecord().bootId && isSameProcess(record)
}

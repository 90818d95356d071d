import { type Finding, ok, warn } from './finding.ts'
import type { Patient } from './patient.ts'

const LOOK_MS = 300
const JUMP_MS = 100
const SET_MS = 5000
/** Ticks per second of /proc/<pid>/stat: USER_HZ, 100 on every Linux that Node runs on. */
const TICKS = 100

/** Does the wall clock run like the monotonic one, was it set while imgsvc ran, and is it kept right? */
export async function checkClock(patient: Patient): Promise<readonly Finding[]> {
  return [await steadiness(patient), ...setSinceStart(patient), await synchronised(patient)]
}

async function steadiness({ system }: Patient): Promise<Finding> {
  const offset = () => system.now() - system.monotonic()
  const before = offset()
  await system.wait(LOOK_MS)
  const jump = Math.round(offset() - before)
  const todo = 'signed URLs and caches live by the wall clock: let it be slewed, not set (chrony, systemd-timesyncd)'
  if (Math.abs(jump) > JUMP_MS) return warn('clock', `the wall clock jumped by ${jump} ms while it was watched`, todo)
  return ok('clock', 'the wall clock runs with the monotonic one')
}

/** The kernel knows since when the supervisor runs in ticks that no clock setting moves; its record is in wall time. */
function setSinceStart({ supervisor, system }: Patient): readonly Finding[] {
  const { record, alive } = supervisor
  const ownTicks = system.startTicks()
  if (!record || !alive || record.startTime === '' || ownTicks === undefined) return []
  // This process is the ruler: when it began is known in ticks and in wall time as it is counted now.
  const ownStart = system.now() - system.monotonic()
  const began = ownStart - ((ownTicks - Number(record.startTime)) / TICKS) * 1000
  // The record is written a moment after the start, never before.
  const shift = Math.round((began - record.startedAt) / 1000)
  if (Math.abs(shift * 1000) < SET_MS) return []
  const what = `the wall clock was set by about ${shift} s since the supervisor started`
  return [warn('clock', what, 'nothing: imgsvc measures with the monotonic clock; times in older log lines are off')]
}

async function synchronised({ system }: Patient): Promise<Finding> {
  const check = 'time server'
  const answer = (await system.run('timedatectl', ['show', '--property=NTPSynchronized', '--value']))?.trim()
  if (answer === 'yes') return ok(check, 'the clock is synchronised')
  if (answer === 'no') {
    const todo = 'switch one on: timedatectl set-ntp true, or chrony'
    return warn(check, 'the clock is not synchronised; expiry of S3 requests and caches depends on it', todo)
  }
  return ok(check, 'unknown: there is no timedatectl here (in a container the host keeps the time)')
}

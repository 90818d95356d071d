import { readFileSync } from 'node:fs'

/** USER_HZ: what /proc counts in, on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100

/** How long ago a process was started, from its kernel start time (clock ticks since boot), ms; undefined without /proc. */
export function ageMs(startTime: string): number | undefined {
  if (!/^\d+$/.test(startTime)) return undefined
  try {
    const [uptime] = readFileSync('/proc/uptime', 'latin1').split(' ')
    return Math.max(0, (Number(uptime) - Number(startTime) / TICKS_PER_SECOND) * 1000)
  } catch {
    return undefined
  }
}

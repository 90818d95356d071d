import { checkClock } from './clock.ts'
import { checkDisk } from './disk.ts'
import { type Finding, warn } from './finding.ts'
import { checkInstance, checkPidOne } from './instance.ts'
import { checkLimits, checkThreads } from './limits.ts'
import { checkListening } from './listening.ts'
import { checkNetwork } from './network.ts'
import type { Patient } from './patient.ts'
import { checkPermissions } from './permissions.ts'
import { checkCores, checkMemory } from './resources.ts'
import { checkVersions } from './versions.ts'

type Check = (patient: Patient) => readonly Finding[] | Promise<readonly Finding[]>

const CHECKS: readonly (readonly [name: string, check: Check])[] = [
  ['instance', checkInstance],
  ['ports', checkListening],
  ['permissions', checkPermissions],
  ['disk', checkDisk],
  ['memory', checkMemory],
  ['cpu', checkCores],
  ['limits', checkLimits],
  ['threads', checkThreads],
  ['pid 1', checkPidOne],
  ['clock', checkClock],
  ['versions', checkVersions],
]

/** Everything there is to look at, in this order. Never rejects: a check that fails is a finding itself. */
export async function examine(patient: Patient, options: { readonly network: boolean }): Promise<readonly Finding[]> {
  const checks = options.network ? [...CHECKS, ['network', checkNetwork] as const] : CHECKS
  const findings = await Promise.all(
    checks.map(async ([name, check]) => {
      try {
        return await check(patient)
      } catch (error) {
        return [
          warn(name, `could not be looked at: ${(error as Error).message}`, 'report it; this is a fault of doctor'),
        ]
      }
    }),
  )
  return findings.flat()
}

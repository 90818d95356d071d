import { rename, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { RotationStep } from './rotation.ts'

/** Carries a rotation out in a directory. Throws the system's error; what was done until then stays. */
export async function carryOut(dir: string, steps: readonly RotationStep[]): Promise<void> {
  for (const step of steps) {
    if (step.type === 'delete') await rm(join(dir, step.name), { force: true })
    else if (step.type === 'truncate') await truncate(join(dir, step.name))
    else await rename(join(dir, step.from), join(dir, step.to))
  }
}

import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { RotationStep } from './rotation.ts'

/** Carries a rotation out in a directory. Throws the system's error; what was done until then stays. */
export async function carryOut(dir: string, steps: readonly RotationStep[]): Promise<void> {
  for (const step of steps) await carryOutStep(dir, step)
}

async function carryOutStep(dir: string, step: RotationStep): Promise<void> {
  if (step.type === 'delete') return rm(join(dir, step.name), { force: true })
  if (step.type === 'truncate') return truncate(join(dir, step.name))
  const [from, to] = [join(dir, step.from), join(dir, step.to)]
  if (step.type === 'rename') return rename(from, to)
  if (step.type === 'copy') return copyNew(from, to)
  return finish(from, to)
}

async function copyNew(from: string, to: string): Promise<void> {
  try {
    await append(from, to, 0, (await stat(from)).size, 'w')
  } catch (error) {
    // Half a copy on a full disk only makes it fuller.
    await rm(to, { force: true })
    throw error
  }
}

/**
 * What is written between the last look and the truncation is lost, which is why only raw stderr output is rotated by
 * copying; the window is one system call wide.
 */
async function finish(from: string, to: string): Promise<void> {
  let copied = (await stat(to)).size
  for (let { size } = await stat(from); size > copied; { size } = await stat(from)) {
    await append(from, to, copied, size, 'a')
    copied = size
  }
  await truncate(from)
}

async function append(from: string, to: string, start: number, end: number, flags: 'w' | 'a'): Promise<void> {
  if (end > start) {
    await pipeline(createReadStream(from, { start, end: end - 1 }), createWriteStream(to, { flags, mode: 0o640 }))
  }
}

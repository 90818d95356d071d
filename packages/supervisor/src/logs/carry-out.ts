import { createReadStream, createWriteStream } from 'node:fs'
import { open, rename, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { RotationStep } from './rotation.ts'

/** Carries a rotation out in a directory. Throws the system's error; what was done until then stays. */
export async function carryOut(dir: string, steps: readonly RotationStep[]): Promise<void> {
  for (const step of steps) {
    if (step.type === 'delete') await rm(join(dir, step.name), { force: true })
    else if (step.type === 'truncate') await truncate(join(dir, step.name))
    else if (step.type === 'rename') await rename(join(dir, step.from), join(dir, step.to))
    else await moveContent(join(dir, step.from), join(dir, step.to))
  }
}

/**
 * Content of a file that somebody holds open for appending. What is written between the last look and the truncation
 * is lost, which is why only raw stderr output is rotated in this way; the window is one system call wide.
 */
async function moveContent(from: string, to: string): Promise<void> {
  const source = await open(from, 'r')
  try {
    let copied = 0
    for (;;) {
      const { size } = await source.stat()
      if (size <= copied) break
      await pipeline(
        createReadStream(from, { start: copied, end: size - 1 }),
        createWriteStream(to, { flags: copied === 0 ? 'w' : 'a', mode: 0o640 }),
      )
      copied = size
    }
  } finally {
    await source.close()
  }
  await truncate(from)
}

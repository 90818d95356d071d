import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errnoOf } from './errno.ts'

/**
 * Makes a directory (0700) and those above it. Unlike `mkdir` with `recursive`, which then tries for ever in a thread of the
 * pool, it gives up where a file system says ENOENT although the parent is there (/proc, a directory that was unmounted).
 * Throws the system's error.
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await makeOne(path)
  } catch (error) {
    const parent = dirname(path)
    if (errnoOf(error) !== 'ENOENT' || parent === path) throw error
    await makeDirectory(parent)
    await makeOne(path)
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    // Another worker may have been first. A file in its place fails at the next step, with ENOTDIR.
    if (errnoOf(error) !== 'EEXIST') throw error
  }
}

import { execFile } from 'node:child_process'
import type { FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const TIMEOUT_MS = 5000

/**
 * Gives the disk space of a part of a file back; it reads as NULs then, and what is appended meanwhile is untouched
 * (`fallocate --punch-hole`, util-linux; ext4, xfs, btrfs, tmpfs). False: the machine or its file system cannot.
 */
export async function punchHole(path: string, from: number, to: number): Promise<boolean> {
  const range = ['--punch-hole', '--offset', String(from), '--length', String(to - from)]
  try {
    await run('fallocate', [...range, path], { timeout: TIMEOUT_MS })
    return true
  } catch {
    return false // whatever the reason: the caller has another way
  }
}

/** How many bytes at the beginning of a file are NULs, when they are a hole; 0 without one. */
export async function holeLength(file: FileHandle): Promise<number> {
  const { size } = await file.stat()
  const byte = Buffer.alloc(1)
  const isNul = async (at: number) => (await file.read(byte, 0, 1, at)).bytesRead === 1 && byte[0] === 0
  if (size === 0 || !(await isNul(0))) return 0
  // Output has no NULs: what follows the hole has none, so that its end can be found by halving.
  let [low, high] = [0, size]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (await isNul(middle)) low = middle
    else high = middle
  }
  return high
}

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { logOf } from '../log-name.ts'
import type { StoredLog } from './total-cap.ts'

const BLOCK_BYTES = 512

/** The files of all logs in a directory. Throws the system's error. */
export async function storedLogs(dir: string): Promise<StoredLog[]> {
  const names = (await readdir(dir)).filter((name) => logOf(name) !== undefined)
  const files = await Promise.all(names.map((name) => storedLog(dir, name)))
  return files.filter((file) => file !== undefined)
}

async function storedLog(dir: string, name: string): Promise<StoredLog | undefined> {
  try {
    const { size, blocks, mtimeMs } = await stat(join(dir, name))
    return { name, bytes: Math.min(size, blocks * BLOCK_BYTES), modified: mtimeMs }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined // deleted a moment ago
    throw error
  }
}

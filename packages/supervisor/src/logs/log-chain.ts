import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { backupIndex } from './rotation.ts'

/** A log file held open, so that a rotation cannot take it away. */
export interface OpenLog {
  readonly file: FileHandle
  readonly inode: number
}

/** A log and its rotated predecessors, newest first: `worker-0.log`, `worker-0.log.1`, … */
export interface LogChain {
  /** The file of an index; undefined when there is none at this moment. */
  openAt(index: number): Promise<OpenLog | undefined>
  /** Where a file is now; undefined when it was deleted. */
  indexOf(log: OpenLog): Promise<number | undefined>
  /** Highest index below `limit` that exists; undefined when there is none. */
  below(limit: number): Promise<number | undefined>
  /** Lowest index above `limit` that exists; undefined when there is none. */
  above(limit: number): Promise<number | undefined>
}

/** The files of a log; `path` is the newest. Throws the system's error, but not when a file is missing. */
export function createLogChain(dir: string, base: string): LogChain {
  const pathAt = (index: number) => join(dir, index === 0 ? base : `${base}.${index}`)

  async function indexes(): Promise<number[]> {
    const names = await readdir(dir)
    return names
      .map((name) => backupIndex(base, name))
      .filter((index) => index !== undefined)
      .sort((a, b) => a - b)
  }

  return {
    openAt: (index) => openLog(pathAt(index)),
    async indexOf(log) {
      for (const index of await indexes()) {
        const other = await openLog(pathAt(index))
        await other?.file.close()
        if (other?.inode === log.inode) return index
      }
      return undefined
    },
    below: async (limit) => (await indexes()).findLast((index) => index < limit),
    above: async (limit) => (await indexes()).find((index) => index > limit),
  }
}

async function openLog(path: string): Promise<OpenLog | undefined> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  return { file, inode: (await file.stat()).ino }
}

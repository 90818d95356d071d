import { existsSync, type Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** The file that a process writes its raw output to. */
export interface RawSource {
  /** Where it can be opened. */
  readonly path: string
  readonly file: FileHandle
  readonly stats: Stats
  /** It is not at its path any more: deleted, or moved away, while the process goes on writing to it. */
  readonly isAstray: boolean
}

/**
 * Finds it at `path`, or through /proc when the process `pid` writes elsewhere. Undefined when there is none. The caller
 * closes it. Throws the system's error.
 */
export async function openRawSource(path: string, pid: number | undefined): Promise<RawSource | undefined> {
  const named = await openSource(path, false)
  if (pid === undefined) return named
  const held = await openSource(`/proc/${pid}/fd/2`, true)
  const isNamed = named && held && named.stats.ino === held.stats.ino && named.stats.dev === held.stats.dev
  if (!held?.stats.isFile() || isNamed) {
    await held?.file.close()
    return named
  }
  await named?.file.close()
  return held
}

async function openSource(path: string, isAstray: boolean): Promise<RawSource | undefined> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Not Linux, gone, or a pipe or terminal of another user.
    if (code === 'ENOENT' || isAstray) return undefined
    throw error
  }
  return { path: pathOf(file, path), file, stats: await file.stat(), isAstray }
}

/** Names the opened file itself: a spare worker's output may take its path at any moment (process/take-output.ts). */
function pathOf(file: FileHandle, path: string): string {
  const own = `/proc/${process.pid}/fd/${file.fd}`
  return existsSync(own) ? own : path
}

import { type FileHandle, mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface AppendFile {
  /**
   * The handle to write to, opened anew when asked for or when the path leads elsewhere by now (looked at twice a
   * second). `isOther`: not the file of the call before. Rejects with the system's error.
   */
  ready(): Promise<{ readonly handle: FileHandle; readonly isOther: boolean }>
  /** The next `ready` opens the path anew. */
  reopen(): void
  /** Is a reopen pending? */
  wantsReopen(): boolean
  close(): Promise<void>
}

interface OpenFile {
  readonly handle: FileHandle
  readonly dev: number
  readonly ino: number
}

// Twice within the second in which a moved or deleted file is to be noticed.
const CHECK_MS = 500
const MODE = 0o640
const DIRECTORY_MODE = 0o750

/** A file opened for appending that follows its path: after a rotation, a deletion, the loss of its directory. */
export function createAppendFile(path: string): AppendFile {
  let file: OpenFile | undefined
  let wantsReopen = false
  let checkedAt = 0

  async function closeFile(): Promise<void> {
    const old = file
    file = undefined
    // A close that fails loses nothing that a write has not reported; the descriptor is gone either way.
    await old?.handle.close().catch(() => undefined)
  }

  return {
    async ready() {
      const now = performance.now()
      if (file && !wantsReopen && now - checkedAt >= CHECK_MS) {
        checkedAt = now
        wantsReopen = !(await isAt(path, file))
      }
      if (file && !wantsReopen) return { handle: file.handle, isOther: false }
      wantsReopen = false
      const next = await reopened(path, file)
      const isOther = !(file && file.dev === next.dev && file.ino === next.ino)
      if (next !== file) await closeFile()
      file = next
      checkedAt = now
      return { handle: next.handle, isOther }
    },
    reopen() {
      wantsReopen = true
    },
    wantsReopen: () => wantsReopen,
    close: closeFile,
  }
}

/**
 * The file at the path; the one that is open when that cannot be had (a directory that has become read-only during a
 * rotation, no descriptors left), unless it was deleted: then nobody would ever read what is written to it.
 */
async function reopened(path: string, current: OpenFile | undefined): Promise<OpenFile> {
  try {
    return await openForAppending(path)
  } catch (error) {
    if (current && (await current.handle.stat()).nlink > 0) return current
    throw error
  }
}

async function openForAppending(path: string): Promise<OpenFile> {
  const handle = await open(path, 'a', MODE).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    await mkdir(dirname(path), { recursive: true, mode: DIRECTORY_MODE })
    return open(path, 'a', MODE)
  })
  try {
    const { dev, ino } = await handle.stat()
    return { handle, dev, ino }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function isAt(path: string, file: OpenFile): Promise<boolean> {
  // Whatever keeps the path from being looked at will be reported by opening it.
  const now = await stat(path).catch(() => undefined)
  return now !== undefined && now.dev === file.dev && now.ino === file.ino
}

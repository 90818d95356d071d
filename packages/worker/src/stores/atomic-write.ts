import { randomUUID } from 'node:crypto'
import { open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errnoOf } from './errno.ts'
import { makeDirectory } from './make-directory.ts'

const INCOMING = '.incoming'
/** ms; a file a killed process left half written is older than any write takes. */
const STALE_AFTER = 3_600_000

/** Puts files in place whole or not at all, below one root. */
export interface AtomicWriter {
  /**
   * Writes the parts to a file of `root/.incoming`, then renames it to `root/path`: readers see the old file, none, or
   * the new one. Throws the system's error; nothing is left behind then.
   */
  write(path: string, parts: readonly Uint8Array[]): Promise<void>
}

/**
 * Files are 0600 in directories 0700. Without `durable` there is no fsync: after a power cut an entry may be short, which
 * readers of a cache must notice anyway. What a killed process left in `.incoming` is removed by the next process' first
 * write.
 */
export function createAtomicWriter(root: string, now: () => number, durable = false): AtomicWriter {
  const incoming = join(root, INCOMING)
  let swept = false

  return {
    async write(path, parts) {
      if (!swept) {
        swept = true
        await removeStale(incoming, now() - STALE_AFTER)
      }
      const temporary = join(incoming, randomUUID())
      const target = join(root, path)
      try {
        await withDirectory(temporary, () => writeParts(temporary, parts, durable))
        await withDirectory(target, () => rename(temporary, target))
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => undefined) // the first error is the one worth telling
        throw error
      }
    },
  }
}

async function writeParts(path: string, parts: readonly Uint8Array[], durable: boolean): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    // Copying is cheaper than another turn through the thread pool.
    await handle.writeFile(parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts))
    if (durable) await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Runs, and makes the directory only when it turns out to be missing: the usual case costs no extra call. */
async function withDirectory(path: string, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    await makeDirectory(dirname(path))
    await run()
  }
}

async function removeStale(directory: string, before: number): Promise<void> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  })
  for (const name of names) {
    const path = join(directory, name)
    const age = await stat(path).catch(() => undefined) // another worker may have moved it meanwhile
    if (age && age.mtimeMs < before) await rm(path, { force: true })
  }
}

import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '@imgsvc/core/atomic-file'
import { type Crash, parseCrash } from '@imgsvc/core/crash'
import type { Logger } from '@imgsvc/core/log'
import { fileNameOf } from '@imgsvc/core/process'

/** A crash and the name it is asked for by: `20261121T031427.123Z-worker-2-57`. */
export interface StoredCrash extends Crash {
  readonly id: string
}

export interface CrashStore {
  /** Saves a crash and removes the oldest ones over the bounds. Never rejects: what cannot be saved is logged. */
  add(crash: Crash): Promise<void>
}

export interface CrashStoreOptions {
  readonly dir: string
  readonly log: Logger
  /** Files kept, at most; default 100. */
  readonly maxFiles?: number
  /** Bytes of all of them, at most; default 4 MB. */
  readonly maxBytes?: number
}

const MAX_FILES = 100
const MAX_BYTES = 4 * 1024 ** 2
const NAME = /^(\d{8}T\d{6}\.\d{3}Z-(?:worker|balancer)-\d{1,4}-\d+)\.json$/

/** Keeps one JSON file per crash in a directory, which is made when it is needed. */
export function createCrashStore({
  dir,
  log,
  maxFiles = MAX_FILES,
  maxBytes = MAX_BYTES,
}: CrashStoreOptions): CrashStore {
  async function prune(): Promise<void> {
    const files = await Promise.all(
      (await namesIn(dir)).map(async (name) => {
        const path = join(dir, `${name}.json`)
        // Removed by hand meanwhile: nothing to count.
        return {
          path,
          size: await stat(path).then(
            ({ size }) => size,
            () => 0,
          ),
        }
      }),
    )
    let bytes = 0
    for (const [index, { path, size }] of files.entries()) {
      bytes += size
      if (index >= maxFiles || bytes > maxBytes) await rm(path, { force: true })
    }
  }

  return {
    async add(crash) {
      try {
        await mkdir(dir, { recursive: true, mode: 0o700 })
        writeFileAtomic(join(dir, `${nameOf(crash)}.json`), `${JSON.stringify(crash)}\n`, 0o600)
        await prune()
      } catch (error) {
        log.error({ err: error, dir, process: crash.process }, 'a crash record cannot be saved')
      }
    },
  }
}

/** The crashes of a directory, newest first; none when it does not exist. Throws the system's error otherwise. */
export async function readCrashes(dir: string): Promise<readonly StoredCrash[]> {
  const found = await Promise.all(
    (await namesIn(dir)).map(async (id): Promise<StoredCrash | undefined> => {
      // One that is pruned while the list is read is gone, as it will be the next time.
      const crash = parseCrash(await readFile(join(dir, `${id}.json`), 'utf8').catch(() => ''))
      return crash && { ...crash, id }
    }),
  )
  return found.filter((crash) => crash !== undefined)
}

/** Names without their ending, newest first. */
async function namesIn(dir: string): Promise<string[]> {
  const files = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return files
    .flatMap((file) => NAME.exec(file)?.[1] ?? [])
    .sort()
    .reverse()
}

function nameOf({ at, process, generation }: Crash): string {
  return `${new Date(at).toISOString().replace(/[-:]/g, '')}-${fileNameOf(process)}-${generation}`
}

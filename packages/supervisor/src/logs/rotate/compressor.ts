import { createReadStream, createWriteStream } from 'node:fs'
import { readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip } from 'node:zlib'
import type { Clock } from '@imgsvc/core/clock'
import { formatLogName, logOf, parseLogName } from '../log-name.ts'

export interface CompressorOptions {
  readonly dir: string
  readonly clock: Clock
  /** Runs a piece of work while no rotation moves files. */
  exclusive(work: () => Promise<void>): Promise<void>
  counted(result: 'ok' | 'failed'): void
  failed(name: string, error: unknown): void
}

/** Compresses rotated files in the background, one at a time. */
export interface Compressor {
  /** Begins with the next file that waits, unless one is under way; `names` is the directory. */
  begin(names: readonly string[]): void
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
  /** Breaks off; the file that was under way is compressed after the next start. */
  close(): Promise<void>
}

const TMP = '.gz.tmp'
/** The newest rotated file stays as it is: its writer may have a few lines more for it before it opens the new one. */
const FIRST_INDEX = 2
const RETRY_MS = 10_000

/**
 * A compressed file appears at once and complete (`.gz.tmp` until then) and has the time of the original, which is
 * deleted after it. Cut off at any point, nothing is lost: `surplus` deletes what is doubled.
 */
export function createCompressor(options: CompressorOptions): Compressor {
  const { dir, clock } = options
  const stop = new AbortController()
  let running: Promise<void> | undefined
  let notBefore = 0

  async function compress(name: string, unfinished: readonly string[]): Promise<void> {
    const tmp = join(dir, `${name}${TMP}`)
    try {
      for (const left of unfinished) await rm(join(dir, left), { force: true })
      const before = await stat(join(dir, name))
      await pipeline(
        createReadStream(join(dir, name)),
        createGzip({ level: constants.Z_BEST_SPEED }),
        createWriteStream(tmp, { mode: 0o640, flush: true }),
        { signal: stop.signal },
      )
      await utimes(tmp, before.atimeMs / 1000, before.mtimeMs / 1000)
      await options.exclusive(() => replace(name, before, tmp))
      options.counted('ok')
    } catch (error) {
      await rm(tmp, { force: true }).catch(() => undefined) // told by the error that is being handled
      if (stop.signal.aborted) return
      notBefore = clock.monotonic() + RETRY_MS
      options.counted('failed')
      options.failed(name, error)
    }
  }

  /** A rotation may have moved the original meanwhile; then the compressed file goes where it is now. */
  async function replace(name: string, { ino, size }: { ino: number; size: number }, tmp: string): Promise<void> {
    const base = logOf(name) as string
    const found = await findInode(dir, base, ino)
    if (found === undefined || found.size !== size) return rm(tmp, { force: true })
    await rename(tmp, join(dir, formatLogName(base, { index: found.index, isCompressed: true })))
    await rm(join(dir, formatLogName(base, { index: found.index, isCompressed: false })))
  }

  return {
    begin(names) {
      if (running || stop.signal.aborted || clock.monotonic() < notBefore) return
      const name = nextToCompress(names)
      const unfinished = names.filter((one) => one.endsWith(TMP) && logOf(one) !== undefined)
      if (name === undefined) return
      running = compress(name, unfinished).finally(() => {
        running = undefined
      })
    },
    idle: async () => running,
    async close() {
      stop.abort()
      await running
    },
  }
}

/** The rotated file with the highest number that is not compressed yet. Pure. */
export function nextToCompress(names: readonly string[]): string | undefined {
  let [chosen, highest] = [undefined as string | undefined, FIRST_INDEX - 1]
  for (const name of names) {
    const base = logOf(name)
    const file = base === undefined ? undefined : parseLogName(base, name)
    if (file && !file.isCompressed && file.index > highest) [chosen, highest] = [name, file.index]
  }
  return chosen
}

async function findInode(dir: string, base: string, ino: number): Promise<{ index: number; size: number } | undefined> {
  for (const name of await readdir(dir)) {
    const file = parseLogName(base, name)
    if (!file || file.isCompressed) continue
    const stats = await stat(join(dir, name))
    if (stats.ino === ino) return { index: file.index, size: stats.size }
  }
  return undefined
}

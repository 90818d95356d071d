import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { formatLogName, type LogName, parseLogName } from '../log-name.ts'

/** A log file held open, so that a rotation cannot take it away. */
export interface OpenLog {
  readonly file: FileHandle
  readonly inode: number
  readonly isCompressed: boolean
}

/** A log and its rotated predecessors, newest first: `worker-0.log`, `worker-0.log.1`, `worker-0.log.2.gz`, … */
export interface LogChain {
  /** The file of an index; undefined when there is none at this moment. */
  openAt(index: number): Promise<OpenLog | undefined>
  /** Where a file is now, compressed since or not; undefined when it was deleted. */
  indexOf(log: OpenLog): Promise<number | undefined>
  /** Highest index below `limit` that exists; undefined when there is none. */
  below(limit: number): Promise<number | undefined>
  /** Lowest index above `limit` that exists; undefined when there is none. */
  above(limit: number): Promise<number | undefined>
}

/** A compressed file has the time of its original, as exactly as it can be set. */
const SAME_TIME_MS = 1

/** The files of a log; `path` is the newest. Throws the system's error, but not when a file is missing. */
export function createLogChain(dir: string, base: string): LogChain {
  async function found(): Promise<LogName[]> {
    const names = (await unlessMissing(readdir(dir))) ?? []
    return names
      .map((name) => parseLogName(base, name))
      .filter((name) => name !== undefined)
      .sort((a, b) => a.index - b.index || Number(a.isCompressed) - Number(b.isCompressed))
  }

  const indexes = async () => [...new Set((await found()).map(({ index }) => index))]

  return {
    async openAt(index) {
      const plain = await openLog(join(dir, formatLogName(base, { index, isCompressed: false })), false)
      if (plain || index === 0) return plain
      return openLog(join(dir, formatLogName(base, { index, isCompressed: true })), true)
    },
    async indexOf(log) {
      const own = await log.file.stat()
      for (const name of await found()) {
        const stats = await statOf(join(dir, formatLogName(base, name)))
        if (stats?.ino === own.ino) return name.index
        const isCopy = name.isCompressed && !log.isCompressed && own.nlink === 0
        if (stats && isCopy && Math.abs(stats.mtimeMs - own.mtimeMs) <= SAME_TIME_MS) return name.index
      }
      return undefined
    },
    below: async (limit) => (await indexes()).findLast((index) => index < limit),
    above: async (limit) => (await indexes()).find((index) => index > limit),
  }
}

async function openLog(path: string, isCompressed: boolean): Promise<OpenLog | undefined> {
  const file = await unlessMissing(open(path, 'r'))
  return file && { file, inode: (await file.stat()).ino, isCompressed }
}

const statOf = (path: string) => unlessMissing(stat(path))

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const CHUNK = 64 * 1024

/** The bytes of a file from a position on to its end of this moment; of a compressed one, those it was made of. */
export async function* bytesFrom({ file, isCompressed }: OpenLog, position: number): AsyncGenerator<Buffer> {
  if (!isCompressed) return yield* storedBytes(file, position)
  let skip = position
  // Not the handle's own stream: that would close it.
  const source = Readable.from(storedBytes(file, 0))
  const bytes = createGunzip()
  source.on('error', (error) => bytes.destroy(error))
  try {
    for await (const chunk of source.pipe(bytes) as AsyncIterable<Buffer>) {
      if (chunk.length > skip) yield chunk.subarray(skip)
      skip = Math.max(0, skip - chunk.length)
    }
  } finally {
    source.destroy()
  }
}

async function* storedBytes(file: FileHandle, position: number): AsyncGenerator<Buffer> {
  for (let at = position; ; ) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

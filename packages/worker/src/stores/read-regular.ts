import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { ImgsvcError } from '@imgsvc/core/errors'
import { isMissing } from './errno.ts'
import type { RecentFiles } from './recent-files.ts'
import type { Blob, IoOptions } from './store.ts'

// Without O_NONBLOCK the open of a FIFO nobody writes to would hold a thread of the pool for ever; O_NOCTTY keeps a
// terminal device from becoming ours. Neither changes anything for a regular file. Windows has neither.
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0)

// Between two pieces the signal is looked at; a thread of the pool is held for one piece only.
const PIECE = 4 * 1024 * 1024

/** A check on the opened file, before a byte is read: false counts as missing. */
export type Admission = (opened: BigIntStats) => Promise<boolean>

export interface ReadOptions {
  readonly admit?: Admission | undefined
  /** Spares opening, checking and reading a file that was read lately and is still the same one. */
  readonly recent?: RecentFiles | undefined
}

/**
 * Opens, checks and reads one regular file; undefined when nothing, or something else than a file, has that name.
 * Throws SOURCE_TOO_LARGE beyond `io.maxBytes`, the signal's reason when aborted, and the system's error otherwise.
 */
export async function readRegular(
  path: string,
  io: IoOptions,
  { admit, recent }: ReadOptions = {},
): Promise<Blob | undefined> {
  io.signal.throwIfAborted()
  const known = recent && (await readRecent(path, recent, io))
  if (known) return known
  const handle = await openIfPresent(path)
  if (!handle) return undefined
  try {
    const opened = await handle.stat({ bigint: true })
    if (!opened.isFile() || (admit && !(await admit(opened)))) return undefined
    const size = Number(opened.size)
    if (io.maxBytes !== undefined && size > io.maxBytes) throw tooLarge(size, io.maxBytes)
    const bytes = await readAll(handle, size, io.signal)
    recent?.set(path, opened, bytes)
    return { bytes, modifiedAt: modifiedAt(opened) }
  } finally {
    await handle.close()
  }
}

/** One look at the name instead of six at the file: most requests are for an original that was just read. */
async function readRecent(path: string, recent: RecentFiles, io: IoOptions): Promise<Blob | undefined> {
  // Whatever is wrong with the name, the reading that follows says so.
  const found = await stat(path, { bigint: true }).catch(() => undefined)
  const bytes = found && recent.get(path, found)
  if (!bytes || (io.maxBytes !== undefined && bytes.length > io.maxBytes)) return undefined
  return { bytes, modifiedAt: modifiedAt(found) }
}

function modifiedAt({ mtimeNs }: BigIntStats): number {
  return Math.round(Number(mtimeNs) / 1e6)
}

/** The one wording of SOURCE_TOO_LARGE; `size` is undefined while bytes are still arriving. Sizes in bytes. */
export function tooLarge(size: number | undefined, maxBytes: number): ImgsvcError {
  const got = size === undefined ? 'more is arriving' : `it has ${size}`
  return new ImgsvcError('SOURCE_TOO_LARGE', `at most ${maxBytes} bytes are read (limits.sourceBytes), ${got}`)
}

async function openIfPresent(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, FLAGS)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Reads up to the size seen at the start: a file that grows meanwhile cannot pass the cap. */
async function readAll(handle: FileHandle, size: number, signal: AbortSignal): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(size)
  let filled = 0
  while (filled < size) {
    signal.throwIfAborted()
    const { bytesRead } = await handle.read(bytes, filled, Math.min(PIECE, size - filled), filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

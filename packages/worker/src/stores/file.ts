import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ImgsvcError } from '@imgsvc/core/errors'
import { createAtomicWriter } from './atomic-write.ts'
import { errnoOf, isMissing } from './errno.ts'
import { readRegular } from './read-regular.ts'
import type { RecentFiles } from './recent-files.ts'
import type { ObjectStore } from './store.ts'

export interface FileStoreOptions {
  /** Absolute directory; made when first written to. */
  readonly root: string
  /** Path of a key below the root. It must not be steerable out of it: use the hashed layouts of `keys.ts`. */
  readonly pathOf: (key: string) => string
  /** Epoch ms. */
  readonly now: () => number
  /** A write ends only when the bytes are on the disk: for what exists nowhere else. */
  readonly durable?: boolean
  readonly recent?: RecentFiles | undefined
}

type Operation = 'read' | 'write' | 'stat' | 'delete'

/**
 * Objects as files. `modifiedAt` is the time an entry was put; it is not taken from the blob, because expiry counts
 * from there. Throws SOURCE_TOO_LARGE beyond `maxBytes` and STORE_FAILED, with the errno in the detail, for a failing disk.
 */
export function createFileStore({ root, pathOf, now, durable, recent }: FileStoreOptions): ObjectStore {
  const writer = createAtomicWriter(root, now, durable)
  const at = (key: string) => join(root, pathOf(key))

  return {
    name: 'file',
    get: (key, io) => guarded('read', root, () => readRegular(at(key), io, { recent })),
    stat: (key) =>
      guarded('stat', root, async () => {
        const found = await stat(at(key)).catch(missingIsUndefined)
        return found?.isFile() ? { size: found.size, modifiedAt: Math.round(found.mtimeMs) } : undefined
      }),
    put: (key, blob, io) =>
      guarded('write', root, async () => {
        io.signal.throwIfAborted()
        await writer.write(pathOf(key), [blob.bytes])
      }),
    delete: (key) => guarded('delete', root, () => rm(at(key), { force: true }).catch(missingIsUndefined)),
  }
}

function missingIsUndefined(error: unknown): undefined {
  if (isMissing(error)) return undefined
  throw error
}

/** Runs; a system error comes out as STORE_FAILED with its errno, everything else unchanged. */
export async function guarded<T>(operation: Operation, root: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    // An abort reason is not the disk's fault and passes unchanged, as does SOURCE_TOO_LARGE.
    const errno = errnoOf(error)
    if (error instanceof ImgsvcError || errno === undefined) throw error
    throw new ImgsvcError('STORE_FAILED', `${operation} in ${root} failed with ${errno}`, { cause: error })
  }
}

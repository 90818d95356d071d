import { type Clock, systemClock } from '@imgsvc/core/clock'
import { isExpired } from './expiry.ts'
import { createFileStore } from './file.ts'
import { originalPath } from './keys.ts'
import type { Blob, IoOptions, Stat } from './store.ts'

/**
 * Uploads by id, in the storage of originals. Unlike the cache of fetched originals it does not hide a failing disk:
 * these bytes exist nowhere else. Everything throws STORE_FAILED.
 */
export interface UploadStorage {
  /** undefined: no such upload, or it is older than `storage.expires`. */
  find(id: string, io: IoOptions): Promise<Stat | undefined>
  /** As `find`; throws SOURCE_TOO_LARGE beyond `maxBytes` too. */
  get(id: string, io: IoOptions): Promise<Blob | undefined>
  /** Resolves when the bytes are on the disk; readers see the old upload or the new one, whole. */
  put(id: string, bytes: Buffer, io: IoOptions): Promise<void>
  /** False: there was none. */
  delete(id: string, io: IoOptions): Promise<boolean>
}

export interface UploadStorageOptions {
  /** Directory of the storage of originals. */
  readonly root: string
  /** ms; 0 is never. */
  readonly expires: number
  readonly clock?: Clock
}

/** Uploads below `root`, in thumbor's layout: a directory thumbor wrote uploads to is understood. */
export function createUploadStorage({ root, expires, clock = systemClock }: UploadStorageOptions): UploadStorage {
  const now = () => clock.now()
  const store = createFileStore({ root, pathOf: originalPath, now, durable: true })
  const unexpired = <T extends Stat | Blob>(found: T | undefined) =>
    found && !isExpired(found.modifiedAt, expires, now()) ? found : undefined

  const find: UploadStorage['find'] = async (id, io) => unexpired(await store.stat(id, io))
  return {
    find,
    get: async (id, io) => unexpired(await store.get(id, io)),
    put: async (id, bytes, io) => store.put?.(id, { bytes, modifiedAt: undefined }, io),
    async delete(id, io) {
      if (!(await find(id, io))) return false
      await store.delete?.(id, io)
      return true
    },
  }
}

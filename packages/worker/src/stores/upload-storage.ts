import { type Clock, systemClock } from '@imgsvc/core/clock'
import { isExpired } from './expiry.ts'
import type { Blob, IoOptions, ObjectStore, Stat } from './store.ts'

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
  /** A store whose `put` ends only when the bytes are safe. */
  readonly store: ObjectStore
  /** Name of an upload in the store: that of an original whose image_url is the id. */
  readonly nameOf: (id: string) => string
  /** ms; 0 is never. */
  readonly expires: number
  readonly contentTypeOf?: ((bytes: Buffer) => string | undefined) | undefined
  readonly clock?: Clock
}

/** Uploads where the storage of originals would keep them: what thumbor wrote there is understood. */
export function createUploadStorage(options: UploadStorageOptions): UploadStorage {
  const { store, nameOf, expires, contentTypeOf, clock = systemClock } = options
  const unexpired = <T extends Stat | Blob>(found: T | undefined) =>
    found && !isExpired(found.modifiedAt, expires, clock.now()) ? found : undefined

  const find: UploadStorage['find'] = async (id, io) => unexpired(await store.stat(nameOf(id), io))
  return {
    find,
    get: async (id, io) => unexpired(await store.get(nameOf(id), io)),
    put: async (id, bytes, io) =>
      store.put?.(nameOf(id), { bytes, modifiedAt: undefined, contentType: contentTypeOf?.(bytes) }, io),
    async delete(id, io) {
      if (!(await find(id, io))) return false
      await store.delete?.(nameOf(id), io)
      return true
    },
  }
}

import { type Clock, systemClock } from '@imgsvc/core/clock'
import { ImgsvcError } from '@imgsvc/core/errors'
import { isExpired } from './expiry.ts'
import { createFileStore } from './file.ts'
import { originalPath } from './keys.ts'
import type { RecentFiles } from './recent-files.ts'
import type { Blob, IoOptions, ObjectStore } from './store.ts'
import { createTrouble, type WarnLog } from './trouble.ts'
import { createWriteQueue, type WriteQueueLimits } from './write-queue.ts'

/**
 * Originals fetched from far away, under thumbor's image_url. A failing disk is a miss, never an error; only
 * SOURCE_TOO_LARGE (the limit was lowered since) and the signal's reason are thrown.
 */
export interface SourceStorage {
  get(source: string, io: IoOptions): Promise<Blob | undefined>
  /** Resolves when kept or given up. */
  put(source: string, blob: Blob): Promise<void>
  delete(source: string): Promise<void>
  close(): Promise<void>
}

export interface SourceStorageOptions {
  readonly store: ObjectStore
  /** Age in ms beyond which an original counts as missing; 0 is never. */
  readonly expires: number
  readonly log: WarnLog
  readonly clock?: Clock
  readonly limits?: WriteQueueLimits
}

/**
 * The role of a storage of originals over any store that can be written. Expired entries are left for the next
 * `put` to replace, as thumbor does.
 */
export function createSourceStorage(options: SourceStorageOptions): SourceStorage {
  const { store, expires, log, clock = systemClock } = options
  const queue = createWriteQueue(options.limits)
  const trouble = createTrouble('originals', log)
  const closing = new AbortController()

  async function quietly(operation: string, run: () => Promise<unknown>): Promise<void> {
    try {
      await run()
      trouble.cleared(operation)
    } catch (error) {
      trouble.failed(operation, error)
    }
  }

  return {
    async get(source, io) {
      try {
        const found = await store.get(source, io)
        trouble.cleared('read')
        return found && !isExpired(found.modifiedAt, expires, clock.now()) ? found : undefined
      } catch (error) {
        if (io.signal.aborted) throw error
        if (error instanceof ImgsvcError && error.code === 'SOURCE_TOO_LARGE') throw error
        trouble.failed('read', error)
        return undefined
      }
    },
    put: (source, blob) =>
      quietly('write', async () => {
        const write = async () => store.put?.(source, blob, { signal: closing.signal })
        if (!(await queue.run(blob.bytes.length, write)))
          throw new Error('writes waiting for the disk reached their bound')
      }),
    delete: (source) => quietly('delete', async () => store.delete?.(source, { signal: closing.signal })),
    async close() {
      await queue.idle()
      closing.abort()
      await store.close?.()
    },
  }
}

/** Originals below `root`, in thumbor's layout. */
export function createFileSourceStorage(
  options: Omit<SourceStorageOptions, 'store'> & { readonly root: string; readonly recent?: RecentFiles | undefined },
): SourceStorage {
  const { root, recent, clock = systemClock } = options
  const store = createFileStore({ root, pathOf: originalPath, now: clock.now, recent })
  return createSourceStorage({ ...options, store })
}

/** Originals are not kept. */
export function createNoSourceStorage(): SourceStorage {
  return {
    get: () => Promise.resolve(undefined),
    put: () => Promise.resolve(),
    delete: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}

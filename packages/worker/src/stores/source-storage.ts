import { type Clock, systemClock } from '@imgsvc/core/clock'
import { ImgsvcError } from '@imgsvc/core/errors'
import { isExpired } from './expiry.ts'
import type { OriginalLayout } from './original-layouts.ts'
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
  readonly layout: OriginalLayout
  /** Age in ms beyond which an original counts as missing; 0 is never. */
  readonly expires: number
  readonly log: WarnLog
  /** Told of every operation that failed, for the metrics. */
  readonly onError?: (() => void) | undefined
  /** Media type of a picture, for stores that keep one. */
  readonly contentTypeOf?: ((bytes: Buffer) => string | undefined) | undefined
  readonly clock?: Clock
  readonly limits?: WriteQueueLimits
}

/**
 * The role of a storage of originals over any store that can be written. Expired entries are left for the next
 * `put` to replace, as thumbor does. `close` waits for what is being written and leaves the store open.
 */
export function createSourceStorage(options: SourceStorageOptions): SourceStorage {
  const { store, layout, expires, log, onError, contentTypeOf, clock = systemClock } = options
  const queue = createWriteQueue(options.limits)
  const trouble = createTrouble('originals', log)
  const closing = new AbortController()

  function failed(operation: string, error: unknown): void {
    trouble.failed(operation, error)
    onError?.()
  }

  async function quietly(operation: string, run: () => Promise<unknown>): Promise<void> {
    try {
      await run()
      trouble.cleared(operation)
    } catch (error) {
      failed(operation, error)
    }
  }

  async function find(source: string, io: IoOptions): Promise<Blob | undefined> {
    for (const name of layout.originals(source)) {
      const found = await store.get(name, io)
      if (found && !isExpired(found.modifiedAt, expires, clock.now())) return found
    }
    return undefined
  }

  return {
    async get(source, io) {
      try {
        const found = await find(source, io)
        trouble.cleared('read')
        return found
      } catch (error) {
        if (io.signal.aborted) throw error
        if (error instanceof ImgsvcError && error.code === 'SOURCE_TOO_LARGE') throw error
        failed('read', error)
        return undefined
      }
    },
    put: (source, { bytes, modifiedAt }) =>
      quietly('write', async () => {
        const blob = { bytes, modifiedAt, contentType: contentTypeOf?.(bytes) ?? 'application/octet-stream' }
        const write = async () => store.put?.(layout.originals(source)[0], blob, { signal: closing.signal })
        if (!(await queue.run(bytes.length, write))) throw new Error('writes waiting for the store reached their bound')
      }),
    delete: (source) =>
      quietly('delete', async () => {
        for (const name of layout.originals(source)) await store.delete?.(name, { signal: closing.signal })
      }),
    async close() {
      await queue.idle()
      closing.abort()
    },
  }
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

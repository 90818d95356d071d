import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, systemClock } from '@imgsvc/core/clock'
import type { ResultStorage, StoredResult } from '../pipeline/types.ts'
import { createAtomicWriter } from './atomic-write.ts'
import { isExpired } from './expiry.ts'
import { resultPath } from './keys.ts'
import { readRegular } from './read-regular.ts'
import { decodeEntry, encodeEntry } from './result-entry.ts'
import { createTrouble, type WarnLog } from './trouble.ts'
import { createWriteQueue, type WriteQueueLimits } from './write-queue.ts'

/** Names the file format and what goes into a key; a change of either gets a new directory. */
const NAMESPACE = 'v1'

/** Bytes; a larger file in our directory is not one of ours. */
const MAX_ENTRY = 512 * 1024 * 1024

export interface FileResultStorageOptions {
  /** Absolute directory; made when first written to. Several workers share it. */
  readonly root: string
  /** Age in ms beyond which an entry counts as missing; 0 is never. */
  readonly expires: number
  readonly log: WarnLog
  /** What became of each `put`, for the metrics. */
  readonly onPut?: (outcome: 'stored' | 'failed' | 'dropped') => void
  readonly clock?: Clock
  readonly limits?: WriteQueueLimits
}

/** Finished pictures as files `<root>/v1/<2 hex>/<2 hex>/<36 hex>`, each with a checksum over header and body. */
export function createFileResultStorage(options: FileResultStorageOptions): ResultStorage {
  const { root, expires, log, onPut, clock = systemClock } = options
  const writer = createAtomicWriter(root, clock.now)
  const queue = createWriteQueue(options.limits)
  const trouble = createTrouble('results', log)
  const closing = new AbortController()

  async function read(key: string): Promise<StoredResult | undefined> {
    const path = join(root, resultPath(NAMESPACE, key))
    const file = await readRegular(path, { signal: closing.signal, maxBytes: MAX_ENTRY })
    if (!file || isExpired(file.modifiedAt, expires, clock.now())) return undefined
    const entry = decodeEntry(key, file.bytes)
    if (!entry) {
      log.warn({ path }, 'damaged result removed')
      await rm(path, { force: true })
    }
    return entry
  }

  return {
    async get(key) {
      try {
        const found = await read(key)
        trouble.cleared('read')
        return found
      } catch (error) {
        if (!closing.signal.aborted) trouble.failed('read', error)
        return undefined
      }
    },
    async put(key, result) {
      try {
        const write = () => writer.write(resultPath(NAMESPACE, key), encodeEntry(key, result))
        const stored = await queue.run(result.data.length, write)
        if (stored) trouble.cleared('write')
        else trouble.failed('queue', new Error('writes waiting for the disk reached their bound'))
        if (stored) trouble.cleared('queue')
        onPut?.(stored ? 'stored' : 'dropped')
      } catch (error) {
        trouble.failed('write', error)
        onPut?.('failed')
      }
    },
    async close() {
      closing.abort()
      await queue.idle()
    },
  }
}

/** Results are not kept. */
export function createNoResultStorage(): ResultStorage {
  return {
    get: () => Promise.resolve(undefined),
    put: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}

import { type Clock, systemClock } from '@imgsvc/core/clock'
import type { ResultRequest, ResultStorage, StoredResult } from '../pipeline/types.ts'
import { isExpired } from './expiry.ts'
import type { ResultLayout } from './result-layouts.ts'
import type { Blob, ObjectStore } from './store.ts'
import { createTrouble, type WarnLog } from './trouble.ts'
import { createWriteQueue, type WriteQueueLimits } from './write-queue.ts'

/** Bytes; a larger object in our place is not one of ours. */
const MAX_ENTRY = 512 * 1024 * 1024

export interface ResultStorageOptions {
  /** Several workers share what is behind it. */
  readonly store: ObjectStore
  readonly layout: ResultLayout
  /** Moves an entry within the store, for layouts with older names. */
  readonly move?: ((from: string, to: string) => Promise<void>) | undefined
  /** Age in ms beyond which an entry counts as missing; 0 is never. */
  readonly expires: number
  /** Results of unsigned URLs are kept as well. */
  readonly storeUnsafe: boolean
  readonly log: WarnLog
  /** What became of each `put`, for the metrics. */
  readonly onPut?: ((outcome: 'stored' | 'failed' | 'dropped') => void) | undefined
  /** Told of every look-up that failed, for the metrics. */
  readonly onReadFailed?: (() => void) | undefined
  readonly clock?: Clock
  readonly limits?: WriteQueueLimits
}

/** The role of a result storage over any store that can be written. */
export function createResultStorage(options: ResultStorageOptions): ResultStorage {
  const { store, layout, move, expires, storeUnsafe, log, onPut, onReadFailed, clock = systemClock } = options
  const queue = createWriteQueue(options.limits)
  const trouble = createTrouble('results', log)
  const closing = new AbortController()
  const reading = { signal: closing.signal, maxBytes: MAX_ENTRY }
  // What was accepted is written to its end, also while closing.
  const writing = { signal: new AbortController().signal }

  async function find(request: ResultRequest, name: string): Promise<Blob | undefined> {
    const found = await store.get(name, reading)
    const legacy = found ? undefined : layout.legacyNameOf?.(request)
    if (legacy === undefined) return found
    const old = await store.get(legacy, reading)
    // Where it cannot be moved it is read from there the next time, too.
    if (old) await move?.(legacy, name).catch((error: unknown) => trouble.failed('move', error))
    return old
  }

  async function read(request: ResultRequest): Promise<StoredResult | undefined> {
    const name = layout.nameOf(request)
    const found = await find(request, name)
    if (!found || isExpired(found.modifiedAt, expires, clock.now())) return undefined
    const entry = layout.decode(request, found)
    if (!entry && layout.isOwn) {
      log.warn({ name }, 'damaged result removed')
      await store.delete?.(name, writing)
    }
    return entry
  }

  const isKept = ({ isUnsafe }: ResultRequest) => storeUnsafe || !isUnsafe

  return {
    async get(request) {
      if (!isKept(request)) return undefined
      try {
        const found = await read(request)
        trouble.cleared('read')
        return found
      } catch (error) {
        if (closing.signal.aborted) return undefined
        trouble.failed('read', error)
        onReadFailed?.()
        return undefined
      }
    },
    async put(request, result) {
      if (!isKept(request)) return
      try {
        const write = async () => store.put?.(layout.nameOf(request), layout.encode(request, result), writing)
        const stored = await queue.run(result.data.length, write)
        if (stored) trouble.cleared('write')
        else trouble.failed('queue', new Error('writes waiting for the store reached their bound'))
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
      await store.close?.()
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

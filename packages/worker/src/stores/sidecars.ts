import { type Clock, systemClock } from '@imgsvc/core/clock'
import { isExpired } from './expiry.ts'
import type { Blob, IoOptions, ObjectStore } from './store.ts'
import { createTrouble, type WarnLog } from './trouble.ts'
import { createWriteQueue } from './write-queue.ts'

/** Small texts beside originals. A failing store is a miss, told once and counted; only the signal's reason is thrown. */
export interface Sidecars {
  get(name: string, io: IoOptions): Promise<Blob | undefined>
  /** Resolves when kept or given up; true: it is kept. */
  put(name: string, text: string, contentType: string): Promise<boolean>
  close(): Promise<void>
}

export interface SidecarsOptions {
  readonly store: ObjectStore
  /** Names them in the log. */
  readonly what: string
  /** Bytes; a larger object is none of ours. */
  readonly maxBytes: number
  /** Age in ms beyond which one counts as missing; 0 is never. */
  readonly expires: number
  readonly log: WarnLog
  readonly onError?: (() => void) | undefined
  readonly clock?: Clock
}

/** Sidecars in a store; `close` waits for what is being written and leaves the store open. */
export function createSidecars(options: SidecarsOptions): Sidecars {
  const { store, what, maxBytes, expires, log, onError, clock = systemClock } = options
  const queue = createWriteQueue()
  const trouble = createTrouble(what, log)
  const closing = new AbortController()
  const failed = (operation: string, error: unknown) => {
    trouble.failed(operation, error)
    onError?.()
  }

  return {
    async get(name, io) {
      try {
        const found = await store.get(name, { ...io, maxBytes })
        trouble.cleared('read')
        return found && !isExpired(found.modifiedAt, expires, clock.now()) ? found : undefined
      } catch (error) {
        if (io.signal.aborted) throw error
        failed('read', error)
        return undefined
      }
    },
    async put(name, text, contentType) {
      const bytes = Buffer.from(text)
      const write = async () =>
        store.put?.(name, { bytes, modifiedAt: undefined, contentType }, { signal: closing.signal })
      try {
        const isKept = await queue.run(bytes.length, write)
        if (isKept) trouble.cleared('write')
        else failed('queue', new Error('writes waiting reached their bound'))
        return isKept
      } catch (error) {
        failed('write', error)
        return false
      }
    },
    async close() {
      await queue.idle()
      closing.abort()
    },
  }
}

import type { Sources } from '../loaders/choose.ts'
import type { SourceStorage } from '../stores/source-storage.ts'
import { createSingleFlight } from './single-flight.ts'
import type { Original, SourceFetcher } from './types.ts'

export interface SourceFetcherOptions {
  readonly sources: Sources
  readonly storage: SourceStorage
  /** Bytes an original may have at most (`limits.sourceBytes`, which may change while running). */
  readonly maxBytes: () => number
  /** Counts look-ups in the storage of originals; `coalesced` joined a load already under way. */
  readonly onCache?: (result: 'hit' | 'miss' | 'coalesced') => void
}

/**
 * Storage, then sources. Requests for one source while it is loading share that load; it is given up only when the
 * last of them has gone, or when the fetcher is closed.
 */
export function createSourceFetcher(options: SourceFetcherOptions): SourceFetcher {
  const flights = createSingleFlight<Original>()
  const closing = new AbortController()

  return {
    async fetch(source, signal) {
      const { value, joined } = await flights.run(source, signal, (flight) =>
        fetchOnce(options, source, AbortSignal.any([flight, closing.signal])),
      )
      if (joined) options.onCache?.('coalesced')
      return value
    },
    async close() {
      closing.abort()
      await Promise.all([options.sources.close(), options.storage.close()])
    },
  }
}

async function fetchOnce(options: SourceFetcherOptions, source: string, signal: AbortSignal): Promise<Original> {
  const { sources, storage, onCache } = options
  const io = { signal, maxBytes: options.maxBytes() }
  const mayBeStored = sources.isStorable(source)
  if (mayBeStored) {
    const stored = await storage.get(source, io)
    onCache?.(stored ? 'hit' : 'miss')
    if (stored) return { ...stored, from: 'storage', discard: () => storage.delete(source) }
  }
  const { storable, ...blob } = await sources.load(source, io)
  // Files of a file source are on this disk already: a second copy would only cost space and hide changes.
  if (!storable) return { ...blob, from: 'source' }
  return { ...blob, from: 'source', keep: once(() => storage.put(source, blob)) }
}

/** Everyone who shared a load may call it; the first call does the work. */
function once(run: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined
  return () => {
    result ??= run()
    return result
  }
}

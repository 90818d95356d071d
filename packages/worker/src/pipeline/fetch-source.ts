import type { Sources } from '../loaders/choose.ts'
import type { SourceStorage } from '../stores/source-storage.ts'
import type { Client, IoOptions } from '../stores/store.ts'
import { createSingleFlight } from './single-flight.ts'
import type { Original, SourceFetcher } from './types.ts'

export interface SourceFetcherOptions {
  readonly sources: Sources
  readonly storage: SourceStorage
  /** Bytes an original may have at most (`limits.sourceBytes`, which may change while running). */
  readonly maxBytes: () => number
  /** Counts look-ups in the storage of originals; `coalesced` joined a load already under way. */
  readonly onCache?: (result: 'hit' | 'miss' | 'coalesced') => void
  /**
   * Keeps the signing key of this moment with an original that was loaded; `stored`: the storage of originals takes it.
   * Never rejects.
   */
  readonly keepKey?: (source: string, stored: boolean) => Promise<void>
}

/**
 * Storage, then sources. Requests for one source while it is loading share that load; it is given up only when the
 * last of them has gone, or when the fetcher is closed. What may be for one client alone passes by the storage, and is
 * shared by requests that send the same along.
 */
export function createSourceFetcher(options: SourceFetcherOptions): SourceFetcher {
  const { sources, storage, onCache } = options
  const flights = createSingleFlight<Original>()
  /** Loads that pass by the storage, shared as well. */
  const reloads = createSingleFlight<Original>()
  const closing = new AbortController()
  const ioOf = (signal: AbortSignal, client: Client | undefined) => ({
    signal: AbortSignal.any([signal, closing.signal]),
    maxBytes: options.maxBytes(),
    client,
  })

  async function find(source: string, io: IoOptions): Promise<Original> {
    if (io.client?.isPersonal || !sources.isStorable(source)) return load(source, io, options)
    const stored = await storage.get(source, io)
    onCache?.(stored ? 'hit' : 'miss')
    if (!stored) return load(source, io, options)
    const refetch: Original['refetch'] = async (signal) => {
      const { value } = await reloads.run(source, signal, (flight) => load(source, ioOf(flight, io.client), options))
      return value
    }
    return { ...stored, from: 'storage', refetch }
  }

  return {
    async fetch(source, signal, client) {
      const key = flightKey(source, client)
      const { value, joined } = await flights.run(key, signal, (flight) => find(source, ioOf(flight, client)))
      if (joined) onCache?.('coalesced')
      return value
    },
    async close() {
      closing.abort()
      await Promise.all([sources.close(), storage.close()])
    },
  }
}

async function load(source: string, io: IoOptions, options: SourceFetcherOptions): Promise<Original> {
  const { sources, storage, keepKey } = options
  const { storable: mayKeep, ...blob } = await sources.load(source, io)
  const storable = mayKeep && !io.client?.isPersonal
  // Files of a file source are on this disk already: a second copy would only cost space and hide changes.
  if (!storable && !keepKey) return { ...blob, from: 'source' }
  const keep = once(async () => {
    await Promise.all([storable && storage.put(source, blob), keepKey?.(source, storable)])
  })
  return { ...blob, from: 'source', keep }
}

/** Work under this key may be shared with whoever else has it. */
export function flightKey(key: string, client: Client | undefined): string {
  return client?.isPersonal ? `${key}\n${JSON.stringify(client.headers)}` : key
}

/** Everyone who shared a load may call it; the first call does the work. */
function once(run: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined
  return () => {
    result ??= run()
    return result
  }
}

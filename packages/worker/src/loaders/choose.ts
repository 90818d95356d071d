import { ImgsvcError } from '@imgsvc/core/errors'
import type { Blob, IoOptions } from '../stores/store.ts'
import type { Loader } from './loader.ts'
import { isWebUrl } from './web-url.ts'

/** An original and whether a storage of originals should keep it. */
export interface Loaded extends Blob {
  readonly storable: boolean
  /** Who loaded it: the loader's name and its place among the configured ones. */
  readonly loader?: { readonly name: string; readonly place: number } | undefined
}

/** All configured loaders as one. */
export interface Sources {
  /** Could an original of this name come from far away? Otherwise asking a storage for it is in vain. */
  isStorable(source: string): boolean
  /** Throws what a Loader throws, and SOURCE_NOT_FOUND or SOURCE_REFUSED when no loader takes the source. */
  load(source: string, io: IoOptions): Promise<Loaded>
  close(): Promise<void>
}

/**
 * Asks the loaders in order: one that declines is passed over, not found passes on to the next and the last answer
 * counts. Every other failure ends the search: a source that is down must not turn into another picture.
 */
export function createSourceChain(loaders: readonly Loader[]): Sources {
  return {
    isStorable: (source) => loaders.some((loader) => !loader.local && loader.accepts(source)),
    async load(source, io) {
      let last: ImgsvcError | undefined
      for (const [place, loader] of loaders.entries()) {
        if (!loader.accepts(source)) continue
        try {
          return { ...(await loader.load(source, io)), storable: !loader.local, loader: { name: loader.name, place } }
        } catch (error) {
          if (!(error instanceof ImgsvcError && error.code === 'SOURCE_NOT_FOUND')) throw error
          last = error
        }
      }
      throw last ?? unclaimed(source, loaders)
    },
    async close() {
      await Promise.all(loaders.map((loader) => loader.close?.()))
    },
  }
}

function unclaimed(source: string, loaders: readonly Loader[]): ImgsvcError {
  if (loaders.length === 0) return new ImgsvcError('SOURCE_NOT_FOUND', 'no source is configured (sources)')
  if (isWebUrl(source)) return new ImgsvcError('SOURCE_REFUSED', 'no http source is configured (sources: type http)')
  return new ImgsvcError('SOURCE_NOT_FOUND', source)
}

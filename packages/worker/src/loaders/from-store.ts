import { ImgsvcError } from '@imgsvc/core/errors'
import { unquoteLossy } from '@imgsvc/core/url/percent'
import type { Blob, IoOptions, ObjectStore } from '../stores/store.ts'
import type { Loader } from './loader.ts'
import { isWebUrl } from './web-url.ts'

/**
 * Any store as a source: its key is the unquoted source, http(s) URLs are declined. STORE_FAILED becomes SOURCE_FAILED;
 * everything else a store throws is a loader's word already.
 */
export function createStoreLoader(store: ObjectStore): Loader {
  return {
    name: store.name,
    accepts: (source) => !isWebUrl(source),
    async load(source, io) {
      const found = await read(store, unquoteLossy(source), io)
      if (!found) throw new ImgsvcError('SOURCE_NOT_FOUND', source)
      return found
    },
    close: async () => store.close?.(),
  }
}

async function read(store: ObjectStore, key: string, io: IoOptions): Promise<Blob | undefined> {
  try {
    return await store.get(key, io)
  } catch (error) {
    if (!(error instanceof ImgsvcError) || error.code !== 'STORE_FAILED') throw error
    throw new ImgsvcError('SOURCE_FAILED', error.detail, { cause: error.cause })
  }
}

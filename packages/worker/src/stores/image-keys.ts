import { LRUCache } from 'lru-cache'
import type { Sidecars } from './sidecars.ts'
import type { IoOptions } from './store.ts'

/** The signing key that was in force when an original was loaded, kept beside it. */
export interface ImageKeys {
  /** Undefined when there is none. Throws only the signal's reason. */
  get(source: string, io: IoOptions): Promise<string | undefined>
  /**
   * Keeps a key. `replace`: the original itself was stored anew; otherwise the first key stays, so that sources that are
   * never stored do not lose it at their next load. Never rejects.
   */
  put(source: string, key: string, replace: boolean): Promise<void>
}

/** Sources whose key is known to be kept: a load need not look again. */
const REMEMBERED = 10_000

/** Keys as the text of sidecars, as thumbor writes them. */
export function createImageKeys(sidecars: Sidecars, nameOf: (source: string) => string): ImageKeys {
  const kept = new LRUCache<string, string>({ max: REMEMBERED })

  async function get(source: string, io: IoOptions): Promise<string | undefined> {
    const found = await sidecars.get(nameOf(source), io)
    const key = found?.bytes.toString().trim()
    return key === '' ? undefined : key
  }

  return {
    get,
    async put(source, key, replace) {
      const isKept = replace ? kept.get(source) === key : kept.has(source)
      if (isKept) return
      const known = await get(source, { signal: new AbortController().signal })
      if (known !== undefined && (!replace || known === key)) kept.set(source, known)
      else if (await sidecars.put(nameOf(source), key, 'text/plain')) kept.set(source, key)
    },
  }
}

/** Nothing is kept. */
export function createNoImageKeys(): ImageKeys {
  return { get: () => Promise.resolve(undefined), put: () => Promise.resolve() }
}

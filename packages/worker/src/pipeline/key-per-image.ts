import type { Config } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { ImageKeys } from '../stores/image-keys.ts'
import { uploadIdOf } from './upload-id.ts'

/** What `security.keyPerImage` does while it is on (`thumbor/handlers/__init__.py`, put_crypto and get_crypto). */
export interface KeyPerImage {
  /** The key an image was loaded under; undefined when there is none. Throws only the signal's reason. */
  keyOf(source: string, signal: AbortSignal): Promise<string | undefined>
  /** Keeps the key of this moment with an original that was loaded; `stored`: the storage of originals took it. Never rejects. */
  keep(source: string, stored: boolean): Promise<void>
}

export interface KeyPerImageParts {
  readonly keys: ImageKeys
  /** With a storage of originals a key is as old as the stored original; without one the first key stays. */
  readonly keepsOriginals: boolean
  /** Secrets resolved. */
  readonly settings: () => Pick<Config, 'security' | 'upload'>
}

/** Throws CONFIG_INVALID when it is on and there is no key to keep. */
export function createKeyPerImage({ keys, keepsOriginals, settings }: KeyPerImageParts): KeyPerImage {
  const { key: first, keyPerImage: isOn } = settings().security
  if (isOn && first === '') {
    throw new ImgsvcError('CONFIG_INVALID', 'security.key: expected a key, which security.keyPerImage needs, got ""')
  }
  return {
    async keyOf(source, signal) {
      const { security, upload } = settings()
      if (!security.keyPerImage) return undefined
      const key = await keys.get(source, { signal })
      // An upload is loaded by its id; URLs may have a name behind it.
      const id = upload.enabled && key === undefined ? uploadIdOf(source, upload.maxIdLength) : undefined
      return id === undefined || id === source ? key : keys.get(id, { signal })
    },
    async keep(source, stored) {
      const { key, keyPerImage } = settings().security
      if (keyPerImage && key !== '') await keys.put(source, key, stored && keepsOriginals)
    },
  }
}

import { createHash } from 'node:crypto'

const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex')

/**
 * Path of an original below the storage's root: `<2 hex>/<38 hex>` of SHA-1 over thumbor's image_url, so that a
 * directory filled by thumbor is understood (`thumbor/storages/file_storage.py`).
 */
export function originalPath(imageUrl: string): string {
  const digest = sha1(imageUrl)
  return `${digest.slice(0, 2)}/${digest.slice(2)}`
}

/**
 * Path of a finished picture below the root: `<namespace>/<2 hex>/<2 hex>/<36 hex>` of SHA-1 over the key
 * (`thumbor/result_storages/file_storage.py`). Two levels keep directories short at millions of entries.
 */
export function resultPath(namespace: string, key: string): string {
  const digest = sha1(key)
  return `${namespace}/${digest.slice(0, 2)}/${digest.slice(2, 4)}/${digest.slice(4)}`
}

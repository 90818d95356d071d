import { createHash } from 'node:crypto'
import { originalPath } from './keys.ts'
import { type TcAwsKeyOptions, tcAwsKey, tcAwsSidecar } from './tc-aws-keys.ts'

/** How a storage of originals names its objects; `source` is thumbor's image_url. */
export interface OriginalLayout {
  /** Where an original may be, in the order to look; it is written to the first. */
  originals(source: string): readonly [string, ...string[]]
  /** The key that signed its URLs when it was loaded. */
  key(source: string): string
  /** The points detectors found. */
  detectors(source: string): string
}

/**
 * `<2 hex>/<38 hex>` of SHA-1, with `.txt` and `.detectors.txt` beside it (`thumbor/storages/file_storage.py`). With
 * `prefix` in front, which ends with a slash, it is imgsvc's own layout of a bucket too: a thumbor folder copied there is read.
 */
export function fileLayout(prefix = ''): OriginalLayout {
  const at = (source: string) => prefix + originalPath(source)
  return {
    originals: (source) => [at(source)],
    key: (source) => `${at(source)}.txt`,
    detectors: (source) => `${at(source)}.detectors.txt`,
  }
}

/**
 * Keys of tc_aws. With `autoWebp` it kept a second copy of an original for clients that take WebP; both are read, none
 * of the second kind is written.
 */
export function tcAwsLayout(options: TcAwsKeyOptions & { readonly autoWebp: boolean }): OriginalLayout {
  const at = (source: string) => tcAwsKey(source, undefined, options)
  return {
    originals: (source) => (options.autoWebp ? [at(source), tcAwsKey(source, 'webp', options)] : [at(source)]),
    key: (source) => tcAwsSidecar(at(source), '.txt'),
    detectors: (source) => tcAwsSidecar(at(source), '.detectors.txt'),
  }
}

/** Keys of willtrking/thumbor_aws 1: SHA-1 below `root`, whose default is `thumbor/storage/`. */
export function thumborAwsLayout(root: string): OriginalLayout {
  const prefix = root === '' ? 'thumbor/storage/' : root
  const at = (source: string) => prefix + createHash('sha1').update(source).digest('hex')
  return {
    originals: (source) => [at(source)],
    key: (source) => `${at(source)}.txt`,
    detectors: (source) => `${at(source)}.detectors.txt`,
  }
}

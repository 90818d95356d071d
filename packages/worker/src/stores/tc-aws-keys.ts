import { createHash } from 'node:crypto'

export interface TcAwsKeyOptions {
  /** Prefix of all keys, TC_AWS_*_ROOT_PATH. */
  readonly root: string
  /** TC_AWS_RANDOMIZE_KEYS. */
  readonly randomize: boolean
  /** TC_AWS_ROOT_IMAGE_NAME. */
  readonly rootImageName: string
}

/**
 * The key tc_aws gives a path: `[hash/][root/]path[/variant]` (`tc_aws/aws/storage.py`, _normalize_path). `variant` is
 * `webp` there, for clients that got WebP without asking. The hash is SHA-1 over the other segments.
 */
export function tcAwsKey(path: string, variant: string | undefined, options: TcAwsKeyOptions): string {
  const { root, randomize, rootImageName } = options
  const segments = [path.replace(/^\/+/, '')]
  if (root !== '') segments.unshift(root)
  if (variant !== undefined) segments.push(variant)
  if (randomize) segments.unshift(createHash('sha1').update(segments.join('.')).digest('hex'))
  const key = joined(segments).replace(/^\/+/, '')
  return key.endsWith('/') ? key + rootImageName : key
}

/** Python's `os.path.join`: one slash between segments unless there is one already; an absolute segment starts anew. */
function joined(segments: readonly string[]): string {
  return segments.reduce((left, right) => {
    if (right.startsWith('/')) return right
    return left === '' || left.endsWith('/') ? left + right : `${left}/${right}`
  })
}

/** What Python's `os.path.splitext` splits off: from the last dot of the last segment, if more than dots stand before it. */
const EXTENSION = /(?<=[^/.][^/]*)\.[^./]*$/

/** Key of what belongs to an object: `suffix` takes the place of its extension, so `a.jpg` and `a.png` share it. */
export function tcAwsSidecar(key: string, suffix: string): string {
  return key.replace(EXTENSION, '') + suffix
}

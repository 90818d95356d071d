export interface S3Place {
  readonly bucket: string
  readonly key: string
}

// What S3 allows in a name (and nothing else: an ARN would be an access point, a `/` or `#` another host).
const BUCKET = /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/
/** Bytes of UTF-8; S3 refuses longer keys. */
const KEY_BYTES = 1024

/**
 * Bucket and object key of a path: the fixed bucket, or the path's first segment when that is empty; `root` in front;
 * runs of `/` collapsed and one leading `/` removed (`tc_aws/loaders/s3_loader.py`, `tc_aws/aws/bucket.py`). Undefined
 * for what cannot be an object: no key, no bucket's name, too long. Dot segments count as such, because a server that
 * resolves them would leave `root`.
 */
export function s3Place(path: string, fixed: { readonly bucket: string; readonly root: string }): S3Place | undefined {
  const [first, ...rest] = path.replace(/^\/+/, '').split('/')
  const bucket = fixed.bucket === '' ? (first ?? '') : fixed.bucket
  const inBucket = fixed.bucket === '' ? rest.join('/') : path
  const key = clean(fixed.root === '' ? inBucket : `${fixed.root}/${inBucket}`)
  if (!BUCKET.test(bucket) || clean(inBucket) === '' || key.includes('\0')) return undefined
  if (Buffer.byteLength(key) > KEY_BYTES || key.split('/').some((segment) => segment === '.' || segment === '..')) {
    return undefined
  }
  return { bucket, key }
}

function clean(key: string): string {
  return key.replace(/\/+/g, '/').replace(/^\//, '')
}

import { createHmac, timingSafeEqual } from 'node:crypto'
import { ImgsvcError } from '../errors.ts'
import { unquote } from './percent.ts'

/**
 * thumbor's signature of a path: HMAC-SHA1 over its UTF-8 bytes, URL-safe base64 with padding, 28 characters
 * (`libthumbor/url_signers/base64_hmac_sha1.py`). The path is the text behind the signature's slash, escapes
 * untouched, without query. Throws CONFIG_INVALID for an empty key.
 */
export function sign(path: string, key: string): string {
  if (key === '') throw new ImgsvcError('CONFIG_INVALID', 'the signing key is empty')
  return createHmac('sha1', key).update(path, 'utf8').digest('base64').replaceAll('+', '-').replaceAll('/', '_')
}

/**
 * True when one of the keys signed the path. `signature` is the one of a parsed URL: decoded once; like thumbor it is
 * decoded once more. All keys are tried whichever fits, and the comparison takes the same time wherever they differ.
 * An empty key fits nothing.
 */
export function verify(signature: string, signedPath: string, keys: readonly string[]): boolean {
  const received = decoded(signature)
  let valid = false
  for (const key of keys) {
    if (key === '') continue
    const expected = Buffer.from(sign(signedPath, key))
    // The length is no secret: every signature has 28 characters.
    const equal = received.length === expected.length && timingSafeEqual(received, expected)
    valid = equal || valid
  }
  return valid
}

/** What is not UTF-8 when decoded again is no signature of ours; nothing has length 0. */
function decoded(signature: string): Buffer {
  try {
    return Buffer.from(unquote(signature), 'utf8')
  } catch (error) {
    if (error instanceof ImgsvcError && error.code === 'URL_MALFORMED') return Buffer.alloc(0)
    throw error
  }
}

/** `/SIGNATURE/path`; the path begins without a slash. Throws CONFIG_INVALID for an empty key. */
export function signedUrl(path: string, key: string): string {
  return `/${sign(path, key)}/${path}`
}

/** `/unsafe/path`, which works where unsigned URLs are allowed; the path begins without a slash. */
export function unsafeUrl(path: string): string {
  return `/unsafe/${path}`
}

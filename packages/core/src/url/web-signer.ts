import { ImgsvcError } from '../errors.ts'

const encoder = new TextEncoder()

/**
 * The signature of `signer.ts`, by Web Crypto: the same in Node, browsers, workers and at the edge. The path is what
 * stands behind the signature's slash, as it will be sent. Rejects with CONFIG_INVALID for an empty key, and where
 * there is no Web Crypto: browsers have it on https and localhost only.
 */
export async function signPath(path: string, key: string): Promise<string> {
  if (typeof key !== 'string' || key === '') throw new ImgsvcError('CONFIG_INVALID', 'the signing key is empty')
  const subtle = globalThis.crypto?.subtle
  if (!subtle) {
    throw new ImgsvcError('CONFIG_INVALID', 'signing needs Web Crypto, which pages have on https and localhost only')
  }
  const hmac = { name: 'HMAC', hash: 'SHA-1' }
  const imported = await subtle.importKey('raw', encoder.encode(key), hmac, false, ['sign'])
  const signature = new Uint8Array(await subtle.sign('HMAC', imported, encoder.encode(path)))
  return btoa(String.fromCharCode(...signature))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
}

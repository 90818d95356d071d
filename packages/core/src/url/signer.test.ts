import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ImgsvcError } from '../errors.ts'
import { sign, signedUrl, unsafeUrl, verify } from './signer.ts'
import { thumborDialect } from './thumbor.ts'

interface Vector {
  readonly key: string
  readonly path: string | null
  readonly signature: string | null
  readonly signed_url: string
  readonly valid: boolean
}

const { vectors }: { readonly vectors: readonly Vector[] } = JSON.parse(
  readFileSync(new URL('../../test/vectors/thumbor/signing.json', import.meta.url), 'utf8'),
)

/** What the server does with a URL: the path as received, parsed, then checked. */
function accepts(rawPath: string, keys: readonly string[]): boolean {
  const { authority, signedPath } = thumborDialect.parse(rawPath)
  return authority.kind === 'signature' && verify(authority.signature, signedPath, keys)
}

const signing = vectors.filter(({ path }) => path !== null)

test(`signing.json: ${signing.length} signatures`, () => {
  for (const { key, path, signature, signed_url: url } of signing) {
    expect(sign(path ?? '', key)).toBe(signature)
    expect(signedUrl(path ?? '', key)).toBe(url.replace(/^http:\/\/[^/]+/, ''))
  }
})

test(`signing.json: ${vectors.length} URLs accepted or refused as by the server`, () => {
  for (const { key, signed_url: url, valid } of vectors)
    expect(accepts(url.replace(/^http:\/\/[^/]+/, ''), [key]), url).toBe(valid)
})

describe('verify', () => {
  const path = '300x200/smart/cats/1.jpg'
  const signature = sign(path, 'current')

  test('any of the keys will do, so that keys can be rotated', () => {
    expect(verify(signature, path, ['current'])).toBe(true)
    expect(verify(signature, path, ['other', 'current', 'older'])).toBe(true)
    expect(verify(signature, path, ['other', 'older'])).toBe(false)
    expect(verify(signature, path, [])).toBe(false)
  })

  test('another path, another signature, a shorter or longer one are refused', () => {
    expect(verify(signature, `${path}x`, ['current'])).toBe(false)
    for (let i = 0; i < signature.length; i++) {
      const changed = signature.slice(0, i) + (signature[i] === 'A' ? 'B' : 'A') + signature.slice(i + 1)
      expect(verify(changed, path, ['current']), changed).toBe(false)
    }
    for (const wrong of [
      '',
      '=',
      signature.slice(0, -1),
      `${signature}=`,
      `${signature}\0`,
      'é'.repeat(14),
      'é'.repeat(28),
    ])
      expect(verify(wrong, path, ['current']), wrong).toBe(false)
  })

  test('the signature is decoded once more, and escapes that are not UTF-8 are refused', () => {
    expect(accepts(`/${signature.replace('=', '%253D')}/${path}`, ['current'])).toBe(true)
    expect(verify('%FF', path, ['current'])).toBe(false)
  })

  test('an empty key signs nothing and fits nothing', () => {
    expect(() => sign(path, '')).toThrow(ImgsvcError)
    // HMAC-SHA1 with the empty key, as anybody can compute it.
    expect(verify('O79pzlR7oyOBcdD3-5z1SqK9ofM=', path, [''])).toBe(false)
  })

  test('the query takes no part', () => {
    expect(accepts(`${signedUrl(path, 'current')}?v=2`, ['current'])).toBe(true)
  })
})

test('an unsigned URL has "unsafe" in place of the signature', () => {
  expect(unsafeUrl('300x200/a.jpg')).toBe('/unsafe/300x200/a.jpg')
  expect(thumborDialect.parse(unsafeUrl('a.jpg')).authority).toEqual({ kind: 'unsafe' })
})

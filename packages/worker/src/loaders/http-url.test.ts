import { readFileSync } from 'node:fs'
import { quote } from '@imgsvc/core/url/percent'
import { describe, expect, test } from 'vitest'
import { looksLikeHost, normalizeUrl, parseSourceUrl } from './http-url.ts'

interface Vectors {
  readonly normalize: readonly {
    readonly image: string
    readonly image_url: string
    readonly http_loader: string
    readonly http_valid: boolean
  }[]
  readonly normalize_tests: readonly { readonly url: string; readonly normalized: string }[]
}
const vectors = JSON.parse(
  readFileSync(new URL('../../test/vectors/thumbor/http-loader.json', import.meta.url), 'utf8'),
) as Vectors

test.each(vectors.normalize)('$image is quoted and normalised as thumbor does', (vector) => {
  expect(quote(vector.image)).toBe(vector.image_url)
  expect(normalizeUrl(vector.image_url)).toBe(vector.http_loader)
})

// strict_https_loader makes https:// of http://; here what is written stays.
test.each(vectors.normalize_tests.filter(({ url, normalized }) => !url.startsWith('http:') || normalized === url))(
  '$url is fetched as $normalized where https is the scheme of sources without one',
  ({ url, normalized }) => {
    expect(normalizeUrl(url, 'https')).toBe(normalized)
  },
)

test.each(vectors.normalize.filter(({ http_valid }) => !http_valid))('$image has no host and is refused', (vector) => {
  expect(() => parseSourceUrl(vector.image_url)).toThrow(expect.objectContaining({ code: 'SOURCE_REFUSED' }))
})

describe('the URL that is fetched', () => {
  test.each([
    ['http%3A//example.com/a%20b.jpg', 'http://example.com/a%20b.jpg'],
    ['http%3A//example.com/a%2520b.jpg', 'http://example.com/a%20b.jpg'],
    ['example.com/a.jpg', 'http://example.com/a.jpg'],
    ['localhost%3A8000/a.jpg', 'http://localhost:8000/a.jpg'],
    ['https%3A//example.com/a.jpg%3Fw%3D1%23top', 'https://example.com/a.jpg?w=1'],
    ['http%3A//%5B%3A%3A1%5D%3A8000/a.jpg', 'http://[::1]:8000/a.jpg'],
    ['http%3A//2130706433/', 'http://127.0.0.1/'],
    ['http%3A//0x7f.1/', 'http://127.0.0.1/'],
    ['http%3A//0177.0.0.1/', 'http://127.0.0.1/'],
    ['http%3A//127.1/', 'http://127.0.0.1/'],
    ['http%3A//%E4%BE%8B%E3%81%88.jp/a.jpg', 'http://xn--r8jz45g.jp/a.jpg'],
  ])('%s is %s', (source, url) => {
    expect(parseSourceUrl(source).href).toBe(url)
  })

  test.each([
    'file:///etc/passwd',
    'file:/etc/passwd',
    'gopher://example.com/',
    'data:image/png;base64,AAAA',
    'ftp://example.com/a.jpg',
    'HTTP-X://example.com',
    'javascript:alert(1)',
    'http://',
    'http:///a.jpg',
    'http://?x',
    'http:\\\\example.com/',
    'http://user@good.com@evil.com/',
    'http://user:pass@example.com/',
    'http://exa mple.com/',
    'http://a:99999/',
    'http://[::1/',
    'http://a\u0000b/',
    '',
    '//example.com/a.jpg',
  ])('%j is refused', (image) => {
    expect(() => parseSourceUrl(quote(image))).toThrow(expect.objectContaining({ code: 'SOURCE_REFUSED' }))
  })
})

test('text without a scheme looks like a host with a dot or a port, and a path behind it', () => {
  for (const source of ['example.com/a.jpg', 'localhost%3A8000/a.jpg', 'http%3A//x/y', '127.0.0.1/a']) {
    expect(looksLikeHost(source), source).toBe(true)
  }
  for (const source of ['cats/1.jpg', 'a.jpg', 'example.com', 'example.com/', '/example.com/a.jpg', 'cats/a.b/1.jpg']) {
    expect(looksLikeHost(source), source).toBe(false)
  }
})

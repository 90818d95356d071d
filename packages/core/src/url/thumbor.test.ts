import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { imageRequests } from '../../test/image-requests.ts'
import { ImgsvcError } from '../errors.ts'
import type { ImageRequest } from './request.ts'
import { parseThumborFields, thumborDialect } from './thumbor.ts'

interface Vector {
  readonly url: string
  readonly expected: object | null
}

const { vectors }: { readonly vectors: readonly Vector[] } = JSON.parse(
  readFileSync(new URL('../../test/vectors/thumbor/url-parse.json', import.meta.url), 'utf8'),
)

/** Paths read unlike thumbor on purpose, with the reason; docs/thumbor.md lists them. */
const DIFFERENCES: readonly { readonly url: string; readonly reason: string }[] = []

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof ImgsvcError) return error.code
    throw error
  }
  return 'nothing thrown'
}

function outcome(url: string): unknown {
  try {
    return parseThumborFields(url)
  } catch (error) {
    if (!(error instanceof ImgsvcError)) throw error
    if (error.code === 'URL_NOT_FOUND') return null
    return { error: error.status }
  }
}

/** An expected error also says why, in words of its own. */
function expectation(expected: object | null): unknown {
  return expected !== null && 'error' in expected ? { error: expected.error } : expected
}

test(`url-parse.json: ${vectors.length} vectors, ${DIFFERENCES.length} differences`, () => {
  const differing = vectors.filter(({ url, expected }) => !same(outcome(url), expectation(expected)))
  expect(differing.map(({ url }) => url)).toEqual(DIFFERENCES.map(({ url }) => url))

  function same(actual: unknown, expected: unknown): boolean {
    // In order of keys too: `imgsvc url parse` prints them as they stand.
    return JSON.stringify(actual) === JSON.stringify(expected)
  }
})

describe('grammar', () => {
  const request = (path: string) => thumborDialect.parse(path).request

  test('an option is only taken when an image is left behind it', () => {
    expect(request('/unsafe/').source).toBe('unsafe/')
    expect(thumborDialect.parse('/unsafe/').authority).toEqual({ kind: 'none' })
    expect(thumborDialect.parse('/abc=/').authority).toEqual({ kind: 'none' })
    expect(request('/unsafe/300x200/smart/')).toMatchObject({ width: 300, smart: false, source: 'smart/' })
    expect(request('/unsafe/filters:blur(1)/')).toMatchObject({ filters: [], source: 'filters%3Ablur%281%29/' })
    expect(request('/unsafe//').source).toBe('/')
    expect(request('//').source).toBe('/')
    expect(request('//a/').source).toBe('/a/')
  })

  test('the signature is the shortest non-empty text, and may begin with a slash', () => {
    expect(thumborDialect.parse('///a.jpg')).toMatchObject({
      authority: { kind: 'signature', signature: '/' },
      request: { source: 'a.jpg' },
    })
  })

  test('the filters segment needs a character before its first parenthesis', () => {
    expect(request('/unsafe/filters:)/a.jpg').filters).toEqual([])
    expect(request('/unsafe/filters:))/a.jpg').filters).toEqual([{ name: '))', text: '))' }])
    expect(request('/unsafe/filters:)/b)/a.jpg').filters).toEqual([{ name: ')/b)', text: ')/b)' }])
  })

  test('sizes beyond all limits stay finite and whole', () => {
    const { width, height, crop, trim } = request(
      `/unsafe/trim:top-left:${nines}/0x0:${nines}x1/${nines}x${nines}/a.jpg`,
    )
    for (const value of [width, height, crop?.right, trim?.tolerance]) expect(value).toBe(Number.MAX_SAFE_INTEGER)
  })
  const nines = '9'.repeat(500)

  test('escapes that are not UTF-8 are URL_MALFORMED wherever they stand', () => {
    for (const path of ['/unsafe/%FF.jpg', '/%FF/a.jpg', '/unsafe/filters:blur(%FF)/a.jpg'])
      expect(
        codeOf(() => thumborDialect.parse(path)),
        path,
      ).toBe('URL_MALFORMED')
  })

  test('an empty path and one with a line feed are not found', () => {
    for (const path of ['', '?a=1', '/unsafe/a\n.jpg']) {
      expect(thumborDialect.recognises(path)).toBe(false)
      expect(
        codeOf(() => thumborDialect.parse(path)),
        path,
      ).toBe('URL_NOT_FOUND')
    }
    expect(thumborDialect.recognises('/')).toBe(true)
  })

  test('the signed path is raw, escapes untouched, without query', () => {
    expect(thumborDialect.parse('/s=/300x200/a%20b.jpg?c=/d')).toMatchObject({
      authority: { kind: 'signature', signature: 's=' },
      signedPath: '300x200/a%20b.jpg',
    })
    expect(thumborDialect.parse('/s%3D/a.jpg').signedPath).toBe('a.jpg')
    expect(thumborDialect.parse('/unsafe/meta/a.jpg').signedPath).toBe('meta/a.jpg')
    expect(thumborDialect.parse('/s%3d/a.jpg').signedPath).toBe('/s%3d/a.jpg')
  })
})

describe('format', () => {
  const plain: ImageRequest = thumborDialect.parse('/unsafe/a.jpg').request
  const format = (change: Partial<ImageRequest>) => thumborDialect.format({ ...plain, ...change })

  test('parsing what was written gives the request back, signed or unsafe', () => {
    fc.assert(
      fc.property(imageRequests, fc.constantFrom('unsafe', 'B35oBEIwztbc3jm7vsdqLez2C78='), (request, authority) => {
        const written = thumborDialect.format(request)
        const parsed = thumborDialect.parse(`/${authority}/${written}`)
        expect(parsed.request).toEqual(request)
        expect(parsed.signedPath).toBe(written)
      }),
      { numRuns: 2000 },
    )
  })

  test('segments come in thumbor order and defaults are left out', () => {
    expect(format({})).toBe('a.jpg')
    const full =
      'debug/meta/trim:bottom-right:5/1x2:3x4/adaptive-full-fit-in/-300xorig/left/top/smart/filters:blur(4):a([1,2])/a.jpg'
    expect(thumborDialect.format(thumborDialect.parse(`/unsafe/${full}`).request)).toBe(
      full.replace('[1,2]', '%5B1,2%5D'),
    )
  })

  test('a source that would be read as an option has its first character escaped, any other is left alone', () => {
    expect(format({ source: '300x200/a.jpg' })).toBe('%3300x200/a.jpg')
    expect(format({ source: 'smart/x.jpg' })).toBe('%73mart/x.jpg')
    expect(format({ smart: true, source: 'smart/x.jpg' })).toBe('smart/smart/x.jpg')
    expect(format({ width: 10, source: '300x200/a.jpg' })).toBe('10x0/300x200/a.jpg')
    expect(format({ source: '300x200.jpg' })).toBe('300x200.jpg')
  })

  test('what the grammar cannot say is URL_MALFORMED', () => {
    const impossible: readonly Partial<ImageRequest>[] = [
      { source: '' },
      { source: 'http://h/a.jpg' },
      { source: 'a%2fb.jpg' },
      { source: '%FF' },
      { adaptive: true },
      { full: true },
      { width: 1.5 },
      { height: -1 },
      { width: Number.NaN },
      { width: Number.POSITIVE_INFINITY },
      { crop: { left: 0.5, top: 0, right: 1, bottom: 1 } },
      { trim: { raw: 'trim::15', pos: 'top-left', tolerance: 15 } },
      { trim: { raw: 'trim:15', pos: 'top-left', tolerance: 15 } },
      { filters: [{ name: 'a', text: 'a(b):c)' }] },
      { filters: [{ name: 'b', text: 'a()' }] },
      { filters: [{ name: 'a', text: 'a' }] },
      { filters: [{ name: ')', text: ')' }] },
      { filters: [{ name: 'a', text: 'a(\uD800)' }] },
    ]
    for (const change of impossible)
      expect(
        codeOf(() => format(change)),
        JSON.stringify(change),
      ).toBe('URL_MALFORMED')
  })
})

test('any text at all is parsed or refused with a 4xx, and what is parsed can be written again', () => {
  const unit = fc.constantFrom(
    '/',
    '/',
    'x',
    ':',
    '(',
    ')',
    '%',
    '2',
    'F',
    '-',
    '?',
    'unsafe/',
    'filters:',
    'trim',
    'é',
    '\n',
  )
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 30 }), (path) => {
      const code = codeOf(() => thumborDialect.parse(path))
      expect(['nothing thrown', 'URL_NOT_FOUND', 'URL_MALFORMED']).toContain(code)
      if (code !== 'nothing thrown') return
      const { request } = thumborDialect.parse(path)
      expect(thumborDialect.parse(`/unsafe/${thumborDialect.format(request)}`).request).toEqual(request)
    }),
    { numRuns: 3000 },
  )
})

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ImgsvcError } from '../errors.ts'
import { imageUrl } from './client.ts'
import { parseUrl } from './dialects.ts'
import { type ImageOptions, imageRequest } from './image-options.ts'
import { sign, verify } from './signer.ts'
import { signPath } from './web-signer.ts'

const { vectors }: { vectors: readonly { key: string; path: string | null; signature: string | null }[] } = JSON.parse(
  readFileSync(new URL('../../test/vectors/thumbor/signing.json', import.meta.url), 'utf8'),
)

const side = fc.oneof(fc.integer({ min: -5000, max: 5000 }), fc.constant('orig' as const))
const length = fc.nat({ max: 5000 })
const text = fc.string({ unit: 'grapheme' })
/** Options of every kind, with names that look like options, escapes and other languages. */
const imageOptions: fc.Arbitrary<ImageOptions> = fc.record(
  {
    source: fc
      .oneof(
        text,
        fc.constantFrom('300x200/a.jpg', 'unsafe/b.jpg', 'smart/c', 'http://a/b?c#d', 'テスト/é.jpg', '%41.jpg'),
      )
      .filter((source) => source !== '' && isUtf8(source)),
    width: side,
    height: side,
    crop: fc.record({ left: length, top: length, right: length, bottom: length }),
    trim: fc.oneof(
      fc.boolean(),
      fc.record(
        { corner: fc.constantFrom('top-left', 'bottom-right'), tolerance: fc.nat({ max: 442 }) },
        { requiredKeys: [] },
      ),
    ),
    fitIn: fc.boolean(),
    adaptive: fc.boolean(),
    full: fc.boolean(),
    flipH: fc.boolean(),
    flipV: fc.boolean(),
    halign: fc.constantFrom('left', 'center', 'right'),
    valign: fc.constantFrom('top', 'middle', 'bottom'),
    smart: fc.boolean(),
    filters: fc.oneof(
      fc.constantFrom('blur(4)', 'blur(4):quality(80)', ''),
      fc.array(fc.constantFrom('blur(4)', 'watermark(http://a/b.png?c,0,0,5)', 'é(%)', 'a():b(1,2)'), { maxLength: 4 }),
    ),
    meta: fc.boolean(),
    debug: fc.boolean(),
  },
  { requiredKeys: ['source'] },
)

function isUtf8(source: string): boolean {
  try {
    imageRequest({ source })
    return true
  } catch {
    return false
  }
}

const anyText = fc.oneof(
  text,
  fc.string({ unit: 'binary' }),
  fc.constantFrom('%', '%ff', '\ud800', ')', '):', 'a(b', ' '),
)

describe('imageUrl', () => {
  test.each<[ImageOptions, string]>([
    [{ source: 'a.jpg' }, 'a.jpg'],
    [{ source: 'cats/1.jpg', width: 300, height: 200, smart: true }, '300x200/smart/cats/1.jpg'],
    [{ source: 'a.jpg', width: -300 }, '-300x0/a.jpg'],
    [{ source: 'a.jpg', width: -300, flipH: true }, '300x0/a.jpg'],
    [{ source: 'a.jpg', full: true, width: 30, height: 'orig' }, 'full-fit-in/30xorig/a.jpg'],
    [{ source: 'a.jpg', crop: { left: 1, top: 2, right: 30, bottom: 40 } }, '1x2:30x40/a.jpg'],
    [{ source: 'a.jpg', trim: true }, 'trim/a.jpg'],
    [{ source: 'a.jpg', trim: { tolerance: 9 } }, 'trim:top-left:9/a.jpg'],
    [{ source: 'a.jpg', filters: ['blur(4)', 'quality(80)'] }, 'filters:blur(4):quality(80)/a.jpg'],
    [{ source: 'テスト.jpg' }, '%E3%83%86%E3%82%B9%E3%83%88.jpg'],
    [{ source: 'http://img.example.com/a b.jpg?v=1' }, 'http%3A//img.example.com/a%20b.jpg%3Fv%3D1'],
  ])('%j is %s', (options, path) => {
    expect(imageUrl(options).path).toBe(path)
  })

  test('base, signed and unsigned', async () => {
    const url = imageUrl({ source: 'a.jpg', width: 30, base: 'https://img.example.com/' })
    expect(url.unsafe()).toBe('https://img.example.com/unsafe/30x0/a.jpg')
    expect(await url.sign('k')).toBe(`https://img.example.com/${sign('30x0/a.jpg', 'k')}/30x0/a.jpg`)
  })

  test.each<[string, object, string]>([
    ['no source', {}, 'source: expected the path or address of a picture, got undefined'],
    ['a width that is none', { source: 'a', width: 1.5 }, 'width: expected a whole number of px, or orig, got 1.5'],
    ['a text as height', { source: 'a', height: '200' }, 'height: expected a whole number of px, or orig, got "200"'],
    [
      'a crop without a side',
      { source: 'a', crop: { left: 1 } },
      'crop.top: expected a whole number of px, 0 or more, got undefined',
    ],
    ['a misspelt alignment', { source: 'a', halign: 'centre' }, 'halign: expected left, center, right, got "centre"'],
    [
      'a filter without parentheses',
      { source: 'a', filters: 'blur' },
      'filters: expected calls such as blur(4):quality(80), got "blur"',
    ],
    [
      'a filter that is no text',
      { source: 'a', filters: [4] },
      'filters: expected calls such as blur(4):quality(80), got 4',
    ],
    [
      'a tolerance below 0',
      { source: 'a', trim: { tolerance: -1 } },
      'trim.tolerance: expected a whole number, 0 or more, got -1',
    ],
    ['bytes that are no text', { source: '%ff' }, 'its percent escapes are not UTF-8'],
  ])('%s is refused, and told what would be right', (_, options, detail) => {
    const run = () => imageUrl(options as ImageOptions)
    expect(run).toThrow(ImgsvcError)
    expect(run).toThrow(expect.objectContaining({ code: 'URL_MALFORMED', detail }))
  })

  test('property: the service reads what was asked for', () => {
    fc.assert(
      fc.property(imageOptions, (options) => {
        const parsed = parseUrl(imageUrl(options).unsafe())
        expect(parsed.authority).toEqual({ kind: 'unsafe' })
        expect(parsed.request).toEqual(imageRequest(options))
        expect(parsed.signedPath).toBe(imageUrl(options).path)
      }),
    )
  })

  test('property: whatever text it is given, it makes a URL that says so or throws URL_MALFORMED', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (source, filters, halign) => {
        const options = { source, filters, halign } as ImageOptions
        let url: string
        try {
          url = imageUrl(options).unsafe()
        } catch (error) {
          expect(error).toBeInstanceOf(ImgsvcError)
          expect((error as ImgsvcError).code).toBe('URL_MALFORMED')
          return
        }
        expect(parseUrl(url).request).toEqual(imageRequest(options))
      }),
    )
  })
})

describe('signing', () => {
  test('signing.json: every signature', async () => {
    const signing = vectors.filter(({ path }) => path !== null)
    expect(signing.length).toBeGreaterThan(20)
    for (const { key, path, signature } of signing) expect(await signPath(path ?? '', key)).toBe(signature)
  })

  test('property: the server signs the same and accepts it, whatever the key', async () => {
    await fc.assert(
      fc.asyncProperty(imageOptions, text, async (options, key) => {
        fc.pre(key !== '')
        const url = await imageUrl(options).sign(key)
        const { authority, signedPath } = parseUrl(url)
        if (authority.kind !== 'signature') throw new Error(`${url} is read as ${authority.kind}`)
        expect(authority.signature).toBe(sign(signedPath, key))
        expect(verify(authority.signature, signedPath, ['another', key])).toBe(true)
        expect(verify(authority.signature, signedPath, [`${key}x`])).toBe(false)
      }),
    )
  })

  test('property: any path and any key at all sign as on the server', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, anyText, async (path, key) => {
        fc.pre(key !== '')
        expect(await signPath(path, key)).toBe(sign(path, key))
      }),
    )
  })

  test('an empty key signs nothing', async () => {
    await expect(imageUrl({ source: 'a.jpg' }).sign('')).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })
})

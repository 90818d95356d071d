import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { acceptedFormats, negotiateFormat, parseAccept } from './negotiate.ts'

interface Vectors {
  accept: { accept: string | null; expected: Record<'accepts_webp' | 'accepts_avif', boolean> }[]
  format_resolution: {
    config: Record<string, unknown>
    accept: string | null
    source_extension: string
    animated: boolean
    autojpg_filter: boolean | null
    size: [number, number]
    extension: string
  }[]
}

const vectors = JSON.parse(
  readFileSync(new URL('../../test/vectors/thumbor/negotiation.json', import.meta.url), 'utf8'),
) as Vectors

const both = { autoWebp: true, autoAvif: true }

describe('Accept header', () => {
  test(`negotiation.json: ${vectors.accept.length} Accept headers`, () => {
    for (const { accept, expected } of vectors.accept) {
      const accepted = acceptedFormats(accept ?? undefined, both)
      expect({ accept, webp: accepted.includes('webp'), avif: accepted.includes('avif') }).toEqual({
        accept,
        webp: expected.accepts_webp,
        avif: expected.accepts_avif,
      })
    }
  })

  test('q=0 refuses a format that image/* would allow', () => {
    expect(acceptedFormats('image/webp;q=0, image/*', both)).toEqual(['avif'])
  })

  test('a comma inside a quoted parameter does not begin a new range', () => {
    expect([...parseAccept('text/x;q="1,image/webp"').keys()]).toEqual(['text/x'])
  })

  test('50 KB of header is read in linear time', () => {
    expect(acceptedFormats(`${'a/b;q=0.1,'.repeat(5000)}image/webp`, both)).toEqual(['webp'])
  })

  test('nothing is negotiated while both formats are switched off', () => {
    expect(acceptedFormats('image/webp', { autoWebp: false, autoAvif: false })).toEqual([])
  })
})

const EXTENSIONS: Readonly<Record<string, string>> = {
  '.jpg': 'jpeg',
  '.png': 'png',
  '.gif': 'gif',
  '.webp': 'webp',
  '.avif': 'avif',
}

describe('output format', () => {
  // The other flags (AUTO_JPG, AUTO_PNG, AUTO_HEIF, AUTO_PNG_TO_JPG, preference list) are not settings yet.
  const known = vectors.format_resolution.filter(
    ({ config, autojpg_filter, source_extension }) =>
      autojpg_filter === null &&
      EXTENSIONS[source_extension] !== undefined &&
      Object.keys(config).every((name) => name === 'AUTO_WEBP' || name === 'AUTO_AVIF'),
  )

  test(`negotiation.json: ${known.length} of ${vectors.format_resolution.length} rows use only AUTO_WEBP and AUTO_AVIF`, () => {
    expect(known.length).toBeGreaterThan(20)
    for (const row of known) {
      const accepted = acceptedFormats(row.accept ?? undefined, {
        autoWebp: row.config.AUTO_WEBP === true,
        autoAvif: row.config.AUTO_AVIF === true,
      })
      const [width, height] = row.size
      const format = negotiateFormat({
        accepted,
        explicit: undefined,
        source: { format: EXTENSIONS[row.source_extension] as 'jpeg', pages: row.animated ? 2 : 1, width, height },
      })
      expect({ ...row, format }).toEqual({ ...row, format: EXTENSIONS[row.extension] })
    }
  })

  test('format() wins over what the client accepts', () => {
    const source = { format: 'jpeg', pages: 1, width: 10, height: 10 } as const
    expect(negotiateFormat({ accepted: ['webp'], explicit: 'png', source })).toBe('png')
  })

  test('TIFF and SVG come out as PNG', () => {
    for (const format of ['tiff', 'svg'] as const) {
      expect(
        negotiateFormat({ accepted: [], explicit: undefined, source: { format, pages: 1, width: 1, height: 1 } }),
      ).toBe('png')
    }
  })
})

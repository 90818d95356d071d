import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { SourceFormat } from './image.ts'
import { sniff } from './sniff.ts'

const { mime_sniff: rows } = JSON.parse(
  readFileSync(new URL('../../test/vectors/thumbor/negotiation.json', import.meta.url), 'utf8'),
) as { mime_sniff: { name: string; bytes_hex: string; mime: string | null }[] }

/** `undefined` is recognised by thumbor and not decoded here: HEVC is not in sharp as distributed, and videos are no pictures. */
const FORMATS: Readonly<Record<string, SourceFormat | undefined>> = {
  'image/gif': 'gif',
  'image/png': 'png',
  'image/jpeg': 'jpeg',
  'image/avif': 'avif',
  'image/heif': undefined,
  'image/tiff': 'tiff',
  'image/svg+xml': 'svg',
  'video/mp4': undefined,
}
const refused = rows.filter(({ mime }) => mime !== null && FORMATS[mime] === undefined).length

describe(`negotiation.json: ${rows.length} first bytes, ${refused} of them HEIF or MP4, which are not decoded`, () => {
  test.each(rows)('$name: $mime', ({ bytes_hex, mime }) => {
    if (mime !== null) expect(Object.keys(FORMATS)).toContain(mime)
    expect(sniff(Buffer.from(bytes_hex, 'hex'))).toBe(mime === null ? undefined : FORMATS[mime])
  })
})

test('WebP is told by its second word, a RIFF alone is nothing', () => {
  expect(sniff(Buffer.from('RIFF\0\0\0\0WEBPVP8 ', 'latin1'))).toBe('webp')
  expect(sniff(Buffer.from('RIFF\0\0\0\0WAVEfmt ', 'latin1'))).toBeUndefined()
})

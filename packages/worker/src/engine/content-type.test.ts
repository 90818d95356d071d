import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { contentTypeOf } from './content-type.ts'

const { mime_sniff: rows } = JSON.parse(
  readFileSync(new URL('../../test/vectors/thumbor/negotiation.json', import.meta.url), 'utf8'),
) as { mime_sniff: readonly { name: string; bytes_hex: string; mime: string | null }[] }

// HEIF is not read here.
const expected = (mime: string | null) => (mime === null || mime === 'image/heif' ? undefined : mime)

test.each(rows)('negotiation.json mime_sniff: $name is $mime', ({ bytes_hex, mime }) => {
  expect(contentTypeOf(Buffer.from(bytes_hex, 'hex'))).toBe(expected(mime))
})

test('WebM is known by the header of EBML, and no shorter', () => {
  expect(contentTypeOf(Buffer.from('1a45dfa39f4286', 'hex'))).toBe('video/webm')
  expect(contentTypeOf(Buffer.from('1a45df', 'hex'))).toBeUndefined()
})

test('HEIF in a box as long as that of MP4 is no video', () => {
  expect(contentTypeOf(Buffer.from('000000206674797068656963', 'hex'))).toBeUndefined()
})

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { accepts, parseAccept } from './accept.ts'

type Flag = 'accepts_webp' | 'accepts_avif' | 'accepts_png' | 'accepts_jpeg' | 'accepts_heif'
const { accept: rows } = JSON.parse(
  readFileSync(new URL('../../test/vectors/thumbor/negotiation.json', import.meta.url), 'utf8'),
) as { accept: { accept: string | null; expected: Readonly<Record<Flag, boolean>> }[] }

describe(`negotiation.json: ${rows.length} Accept headers (accepts_heif left out: there is no HEIF encoder)`, () => {
  test.each(rows)('$accept', ({ accept, expected }) => {
    const ranges = parseAccept(accept ?? undefined)
    const { accepts_heif: _none, ...known } = expected
    expect({
      accepts_webp: accepts(ranges, 'webp'),
      accepts_avif: accepts(ranges, 'avif'),
      accepts_png: accepts(ranges, 'png'),
      accepts_jpeg: accepts(ranges, 'jpeg'),
    }).toEqual(known)
  })
})

test('q=0 refuses a format that image/* would allow', () => {
  const ranges = parseAccept('image/webp;q=0, image/*')
  expect([accepts(ranges, 'webp'), accepts(ranges, 'avif')]).toEqual([false, true])
})

test('a comma inside a quoted parameter does not begin a new range', () => {
  expect([...parseAccept('text/x;q="1,image/webp"').keys()]).toEqual(['text/x'])
})

test('50 KB of header is read in linear time', () => {
  expect(accepts(parseAccept(`${'a/b;q=0.1,'.repeat(5000)}image/webp`), 'webp')).toBe(true)
})

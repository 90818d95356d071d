import { readFileSync } from 'node:fs'
import { parseTrim } from '@imgsvc/core/url/thumbor-segments'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { make, pixels, planJob, sample } from '../../test/images/pictures.ts'
import { probe } from './decode.ts'
import { findTrimBox } from './trim.ts'

interface Vector {
  readonly width: number
  readonly height: number
  readonly mode: 'RGB' | 'RGBA'
  readonly background: readonly number[]
  readonly rects_x0y0x1y1_color: readonly (readonly [number, number, number, number, readonly number[]])[]
  readonly position: string
  readonly tolerance: number
  /** Left, top, right, bottom (exclusive); null where thumbor does not trim. */
  readonly crop: readonly number[] | null
}

const file = new URL('../../test/vectors/thumbor/filters-pixels.json', import.meta.url)
const { trim: vectors } = JSON.parse(readFileSync(file, 'utf8')) as { trim: readonly Vector[] }

/** Where thumbor loses content that is one pixel wide, by index, and what is left here. */
const FIXED: Readonly<Record<number, readonly number[]>> = {
  0: [5, 3, 6, 9],
  5: [19, 11, 20, 12],
  7: [2, 2, 16, 9],
}

/** The picture of a vector as PNG. */
function drawn({ width, height, mode, background, rects_x0y0x1y1_color: rects }: Vector): Promise<Buffer> {
  const channels = mode === 'RGB' ? 3 : 4
  const data = new Uint8Array(width * height * channels)
  for (let i = 0; i < data.length; i += channels) data.set(background, i)
  for (const [x0, y0, x1, y1, colour] of rects) {
    for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) data.set(colour, (y * width + x) * channels)
  }
  return sharp(data, { raw: { width, height, channels } }).png().toBuffer()
}

const trimmed = async (source: Buffer, text: string, more: { maxWidth?: number; orientation?: number } = {}) => {
  const info = await probe(source, { maxPixels: 1e8 })
  const trim = parseTrim(text)
  if (!trim) throw new Error(`${text} is no trim segment`)
  const arrival = { source: info, orientation: 1, maxWidth: 0, maxHeight: 0, ...more }
  const box = await findTrimBox(source, info, arrival, trim)
  return box ? [box.left, box.top, box.left + box.width, box.top + box.height] : null
}

describe(`filters-pixels.json: ${vectors.length} trims, ${Object.keys(FIXED).length} fixed on purpose`, () => {
  for (const [index, vector] of vectors.entries()) {
    const { position, tolerance } = vector
    // The grammar has no tolerance beside a corner of another name: that is the corner and no tolerance.
    const text = /^\d+$/.test(position) ? `trim:${position}` : `trim:${position}:${tolerance}`
    test(`${index}: ${text}`, async () => {
      expect(await trimmed(await drawn(vector), text)).toEqual(FIXED[index] ?? vector.crop)
    })
  }
})

/** A dark box of 100 × 60 on white, 300 × 200. */
const onWhite = (left: number, top: number) =>
  sharp({ create: { width: 300, height: 200, channels: 3, background: '#fff' } })
    .composite([{ input: { create: { width: 100, height: 60, channels: 3, background: '#123456' } }, left, top }])
    .removeAlpha()

describe('what is trimmed', () => {
  const trim = parseTrim('trim')

  test('is the picture turned upright and normalised', async () => {
    const turned = await onWhite(40, 20).withMetadata({ orientation: 6 }).png().toBuffer()
    expect(await trimmed(turned, 'trim', { orientation: 6 })).toEqual([120, 40, 180, 140])
    const quarter = await trimmed(await onWhite(40, 20).png().toBuffer(), 'trim:top-left:60', { maxWidth: 75 })
    expect(quarter).toEqual([10, 5, 35, 20])
  })

  test('is planned and rendered at one size, before the manual crop and everything after it', async () => {
    const source = await onWhite(40, 20).png().toBuffer()
    for (const asked of [
      { trim },
      { trim, width: 50 },
      { trim, width: 40, height: 40 },
      { trim, crop: { left: 45, top: 25, right: 95, bottom: 75 } },
      { trim, crop: { left: 45, top: 25, right: 95, bottom: 75 }, width: 20, flipH: true },
    ]) {
      const [{ size }, made] = await Promise.all([planJob({ source, asked }), make({ source, asked })])
      expect({ width: made.width, height: made.height }).toEqual(size)
      expect(new Set((await pixels(made.data)).data)).toEqual(new Set([0x12, 0x34, 0x56]))
    }
    const { size } = await planJob({ source, asked: { trim, crop: { left: 45, top: 25, right: 95, bottom: 75 } } })
    expect(size).toEqual({ width: 50, height: 50 })
  })

  test('is nothing where everything is border, and a photo keeps its last pixel', async () => {
    const blank = await sharp({ create: { width: 9, height: 7, channels: 4, background: '#00000080' } })
      .png()
      .toBuffer()
    expect(await trimmed(blank, 'trim')).toBeNull()
    expect((await planJob({ source: blank, asked: { trim } })).size).toEqual({ width: 9, height: 7 })
    expect(await trimmed(sample('coffee.png'), `trim:top-left:${Number.MAX_SAFE_INTEGER}`)).toBeNull()
  })

  test('with a source that cannot be decoded is an error of the source', async () => {
    const source = await onWhite(40, 20).png().toBuffer()
    const broken = Buffer.concat([source.subarray(0, 45), Buffer.alloc(200, 7)])
    await expect(trimmed(broken, 'trim')).rejects.toMatchObject({ code: 'SOURCE_UNDECODABLE' })
  })
})

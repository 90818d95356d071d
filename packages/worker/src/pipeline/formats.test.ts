import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  IMAGES,
  largestDifference,
  make,
  meanDifference,
  pixelAt,
  pixels,
  ramp,
  sample,
} from '../../test/images/pictures.ts'
import { pngOf } from '../../test/images/png.ts'
import { tiffOf } from '../../test/images/tiff.ts'
import { probe } from '../engine/decode.ts'
import { setUpSharp } from '../engine/sharp-setup.ts'

// The decoders that workers have, not all of sharp's.
beforeAll(setUpSharp)

const SIDE = 16
const OUTPUTS = ['jpeg', 'png', 'webp', 'avif', 'gif'] as const
/** Gray levels from left to right, the same in every row. */
const LEVELS = Array.from({ length: SIDE }, (_, x) => x * 17)

/** What comes out, for every output; filtered pictures go through raw pixels. */
async function shown(source: Buffer, filters = ''): Promise<readonly Awaited<ReturnType<typeof pixels>>[]> {
  return Promise.all(
    OUTPUTS.map(async (format) => {
      const { data, width, height } = await make({ source, format, filters, images: { quality: 100 } })
      expect([width, height]).toEqual([SIDE, SIDE])
      expect((await sharp(data).metadata()).depth).toBe('uchar')
      return pixels(await sharp(data).toColourspace('srgb').ensureAlpha().png().toBuffer())
    }),
  )
}

/** Every output shows these gray levels. */
async function expectGray(source: Buffer, levels: readonly number[], alpha?: (x: number) => number): Promise<void> {
  for (const filters of ['', 'brightness(0)']) {
    for (const [i, picture] of (await shown(source, filters)).entries()) {
      for (const [x, level] of levels.entries()) {
        const [red = 0, green = 0, blue = 0, opacity] = pixelAt(picture, x, SIDE / 2)
        // Where nothing shows the colour is free, and GIF knows clear and opaque only.
        if (alpha && OUTPUTS[i] !== 'jpeg') {
          if (OUTPUTS[i] !== 'gif') expect(Math.abs((opacity as number) - alpha(x))).toBeLessThanOrEqual(3)
          if (alpha(x) < 200) continue
        }
        expect(Math.max(...[red, green, blue].map((value) => Math.abs(value - level)))).toBeLessThanOrEqual(10)
      }
    }
  }
}

const rows = (row: Buffer) => Array.from({ length: SIDE }, () => row)
const wide = (values: readonly number[], order: 'BE' | 'LE' = 'BE') => {
  const bytes = Buffer.alloc(values.length * 2)
  for (const [i, value] of values.entries()) {
    if (order === 'BE') bytes.writeUInt16BE(value * 257, i * 2)
    else bytes.writeUInt16LE(value * 257, i * 2)
  }
  return bytes
}

describe('PNG', () => {
  const base = { width: SIDE, height: SIDE }

  test('of 16 bit, gray and RGB', async () => {
    await expectGray(pngOf({ ...base, bits: 16, colour: 'gray', rows: rows(wide(LEVELS)) }), LEVELS)
    const rgb = LEVELS.flatMap((level) => [level, level, level])
    await expectGray(pngOf({ ...base, bits: 16, colour: 'rgb', rows: rows(wide(rgb)) }), LEVELS)
  })

  test('of gray with alpha, 8 and 16 bit', async () => {
    const values = LEVELS.flatMap((level, x) => [level, x < 4 ? 0 : 255])
    const alpha = (x: number) => (x < 4 ? 0 : 255)
    await expectGray(pngOf({ ...base, bits: 8, colour: 'grayAlpha', rows: rows(Buffer.from(values)) }), LEVELS, alpha)
    await expectGray(pngOf({ ...base, bits: 16, colour: 'grayAlpha', rows: rows(wide(values)) }), LEVELS, alpha)
  })

  test('of 1, 2 and 4 bits', async () => {
    const bars = rows(Buffer.from([0b00001111, 0b00001111]))
    const bilevel = LEVELS.map((_, x) => (x % 8 < 4 ? 0 : 255))
    await expectGray(pngOf({ ...base, bits: 1, colour: 'gray', rows: bars }), bilevel)
    const nibbles = Buffer.from(Array.from({ length: SIDE / 2 }, (_, i) => (i * 2 * 16) | (i * 2 + 1)))
    await expectGray(pngOf({ ...base, bits: 4, colour: 'gray', rows: rows(nibbles) }), LEVELS)
    const pairs = Buffer.from([0b00000000, 0b01010101, 0b10101010, 0b11111111])
    const quarters = LEVELS.map((_, x) => Math.floor(x / 4) * 85)
    await expectGray(pngOf({ ...base, bits: 2, colour: 'gray', rows: rows(pairs) }), quarters)
  })

  test('with a palette, also of one bit', async () => {
    const palette = [
      [17, 17, 17],
      [204, 204, 204],
    ] as const
    const source = pngOf({
      ...base,
      bits: 1,
      colour: 'palette',
      rows: rows(Buffer.from([0b00001111, 0b11110000])),
      palette,
    })
    expect(await probe(source, IMAGES)).toMatchObject({ palette: 'indexed' })
    await expectGray(
      source,
      LEVELS.map((_, x) => (x >= 4 && x < 12 ? 204 : 17)),
    )
  })
})

describe('TIFF', () => {
  const base = { width: SIDE, height: SIDE }
  const many = (row: Buffer) => Buffer.concat(rows(row))

  test.each(['II', 'MM'] as const)('of 16 bit in either byte order: %s', async (order) => {
    const data = many(wide(LEVELS, order === 'II' ? 'LE' : 'BE'))
    await expectGray(tiffOf({ ...base, order, bits: 16, photometric: 'blackIsZero', samplesPerPixel: 1, data }), LEVELS)
    const rgb = LEVELS.flatMap((level) => [level, level, level])
    const colours = many(wide(rgb, order === 'II' ? 'LE' : 'BE'))
    await expectGray(
      tiffOf({ ...base, order, bits: 16, photometric: 'rgb', samplesPerPixel: 3, data: colours }),
      LEVELS,
    )
  })

  test('of 1 bit, whichever of the two is black', async () => {
    const data = many(Buffer.from([0b00001111, 0b00001111]))
    const bars = LEVELS.map((_, x) => (x % 8 < 4 ? 0 : 255))
    const of = (photometric: 'blackIsZero' | 'whiteIsZero') =>
      tiffOf({ ...base, bits: 1, photometric, samplesPerPixel: 1, data })
    await expectGray(of('blackIsZero'), bars)
    await expectGray(
      of('whiteIsZero'),
      bars.map((level) => 255 - level),
    )
  })

  test('of gray with alpha', async () => {
    const data = many(Buffer.from(LEVELS.flatMap((level, x) => [level, x < 4 ? 0 : 255])))
    const source = tiffOf({ ...base, bits: 8, photometric: 'blackIsZero', samplesPerPixel: 2, alpha: true, data })
    await expectGray(source, LEVELS, (x) => (x < 4 ? 0 : 255))
  })

  test('of several pages shows the first', async () => {
    const page = (background: string) =>
      sharp({ create: { width: SIDE, height: SIDE, channels: 3, background } })
        .png()
        .toBuffer()
    const source = await sharp([await page('#f00'), await page('#00f')], { join: { animated: true } })
      .tiff()
      .toBuffer()
    expect((await sharp(source).metadata()).pages).toBe(2)
    for (const picture of await shown(source)) {
      const [red = 0, , blue = 255] = pixelAt(picture, 8, 8)
      expect([red > 240, blue < 15]).toEqual([true, true])
    }
  })

  test.each(['none', 'lzw', 'deflate', 'packbits', 'jpeg', 'webp'] as const)(
    'compressed with %s',
    async (compression) => {
      const picture = await ramp(SIDE, SIDE)
      const source = await picture.clone().tiff({ compression, quality: 100 }).toBuffer()
      const { data } = await make({ source })
      expect(meanDifference((await pixels(data)).data, await picture.raw().toBuffer())).toBeLessThan(3)
    },
  )

  test('of more channels than there are colours is refused, and a directory that follows itself is not followed', async () => {
    const data = Buffer.alloc(SIDE * SIDE * 6)
    const bands = tiffOf({ ...base, bits: 8, photometric: 'rgb', samplesPerPixel: 6, data })
    await expect(probe(bands, IMAGES)).rejects.toMatchObject({ code: 'SOURCE_UNDECODABLE' })
    const most = tiffOf({
      width: 1,
      height: 1,
      bits: 8,
      photometric: 'rgb',
      samplesPerPixel: 65_535,
      data: Buffer.alloc(65_535),
    })
    await expect(probe(most, IMAGES)).rejects.toMatchObject({ code: 'SOURCE_UNDECODABLE' })
    const gray = {
      ...base,
      bits: 8,
      photometric: 'blackIsZero',
      samplesPerPixel: 1,
      data: many(Buffer.from(LEVELS)),
    } as const
    const answer = await make({ source: tiffOf({ ...gray, next: 8 }) }).catch((error) => error)
    expect(['SOURCE_UNDECODABLE', undefined]).toContain(answer.code)
  })
})

describe('CMYK', () => {
  /** C, M, Y, K in percent, and roughly what it looks like; profiles differ, hence the slack. */
  const INKS = [
    [
      [0, 0, 0, 0],
      [255, 255, 255],
    ],
    [
      [0, 0, 0, 100],
      [18, 16, 16],
    ],
    [
      [100, 0, 0, 0],
      [0, 174, 239],
    ],
    [
      [0, 100, 0, 0],
      [236, 0, 140],
    ],
    [
      [0, 0, 100, 0],
      [255, 242, 0],
    ],
    [
      [0, 100, 100, 0],
      [237, 28, 36],
    ],
    [
      [0, 0, 0, 50],
      [147, 149, 152],
    ],
  ] as const
  const SLACK = 45

  const flat = (inks: readonly number[]) => {
    const pixel = Buffer.from(inks.map((percent) => Math.round(percent * 2.55)))
    const data = Buffer.alloc(SIDE * SIDE * 4, pixel)
    return tiffOf({ width: SIDE, height: SIDE, bits: 8, photometric: 'cmyk', samplesPerPixel: 4, data })
  }
  const jpeg = async (inks: readonly number[]) =>
    sharp(flat(inks))
      .pipelineColourspace('cmyk')
      .toColourspace('cmyk')
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toBuffer()

  /**
   * The JPEG with its inks as YCCK: the same numbers, announced as luma, chroma and black by Adobe's marker. What the
   * numbers have to be follows from libjpeg's conversion, C = 255 − R and so on, of inks stored inverted.
   */
  const ycck = async ([c = 0, m = 0, y = 0, k = 0]: readonly number[]) => {
    const [r, g, b] = [c, m, y].map((percent) => percent * 2.55) as [number, number, number]
    const luma = 0.299 * r + 0.587 * g + 0.114 * b
    const stored = [luma, 128 + (b - luma) * 0.564, 128 + (r - luma) * 0.713]
    const bytes = await jpeg([...stored.map((value) => (255 - Math.min(255, value)) / 2.55), k])
    const adobe = bytes.indexOf(Buffer.from([0xff, 0xee]))
    expect(bytes.toString('latin1', adobe + 4, adobe + 9)).toBe('Adobe')
    bytes[adobe + 15] = 2
    return bytes
  }

  test.each([
    ['TIFF', async (inks: readonly number[]) => flat(inks)],
    ['JPEG', jpeg],
    ['JPEG as YCCK', ycck],
  ])('of %s has the colours of ink on paper', async (_, source) => {
    for (const [inks, [red, green, blue]] of INKS) {
      const bytes = await source(inks)
      expect(await probe(bytes, IMAGES)).toMatchObject({ space: 'cmyk' })
      for (const format of ['jpeg', 'png'] as const) {
        const picture = await pixels((await make({ source: bytes, format })).data)
        const [r = 0, g = 0, b = 0] = pixelAt(picture, 8, 8)
        expect(Math.max(Math.abs(r - red), Math.abs(g - green), Math.abs(b - blue)), inks.join()).toBeLessThanOrEqual(
          SLACK,
        )
      }
    }
  })

  test('of JPEG and of YCCK are the same picture', async () => {
    for (const [inks] of INKS) {
      const [a, b] = [await make({ source: await jpeg(inks) }), await make({ source: await ycck(inks) })]
      expect(largestDifference((await pixels(a.data)).data, (await pixels(b.data)).data)).toBeLessThanOrEqual(6)
    }
  })
})

describe('AVIF', () => {
  test.each([8, 10, 12] as const)('of %i bit', async (bitdepth) => {
    const picture = await ramp(64, 64)
    const source = await picture
      .clone()
      .avif({ bitdepth, quality: 100, effort: 0, chromaSubsampling: '4:4:4' })
      .toBuffer()
    const { data } = await make({ source })
    expect((await sharp(data).metadata()).depth).toBe('uchar')
    expect(meanDifference((await pixels(data)).data, await picture.raw().toBuffer())).toBeLessThan(4)
  })

  test('that names HEIF as its brand and AVIF among the compatible ones', async () => {
    const source = await (await ramp(SIDE, SIDE)).avif({ effort: 0 }).toBuffer()
    source.write('mif1', 8, 'latin1')
    expect(await probe(source, IMAGES)).toMatchObject({ format: 'avif', width: SIDE })
    for (const brand of ['mif1', 'miaf', 'avif']) {
      // Without any of the compatible brands it is HEIC as far as anybody can tell.
      const at = source.indexOf(brand, 12)
      if (at > 0 && at < 40) source.write('xxxx', at, 'latin1')
    }
    await expect(probe(source, IMAGES)).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED' })
  })
})

describe('formats that are not read', () => {
  const first = (text: string) => Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(64)])

  test.each([
    ['BMP', first('BM\x36\x09\0\0')],
    ['ICO', first('\0\0\x01\0\x01\0')],
    ['PSD', first('8BPS\0\x01')],
    ['JPEG 2000', first('\0\0\0\x0cjP  \r\n\x87\n')],
    ['JPEG 2000', first('\xff\x4f\xff\x51')],
    ['JPEG XL', first('\xff\x0a')],
    ['JPEG XL', first('\0\0\0\x0cJXL \r\n\x87\n')],
    ['HEIC', first('\0\0\0\x18ftypheic\0\0\0\0mif1heic')],
    ['HEIC', first('\0\0\0\x18ftypmif1\0\0\0\0mif1heic')],
    ['a video', first('\0\0\0\x20ftypisom')],
    ['a video', first('\x1a\x45\xdf\xa3')],
    ['PDF', first('%PDF-1.7\n')],
    ['PostScript', first('%!PS-Adobe-3.0 EPSF-3.0\n')],
    ['PostScript', first('\xc5\xd0\xd3\xc6')],
    ['EXR', first('v/1\x01')],
    ['QOI', first('qoif')],
  ])('are told by their name with 415: %s', async (name, bytes) => {
    await expect(probe(bytes, IMAGES)).rejects.toMatchObject({
      code: 'SOURCE_UNSUPPORTED',
      status: 415,
      detail: expect.stringContaining(`it is ${name}; expected JPEG`),
    })
  })

  test('are not mixed up with the ones that are', async () => {
    for (const format of ['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const) {
      const bytes = await sharp(sample('coffee.png')).resize(8, 8).toFormat(format).toBuffer()
      expect((await probe(bytes, IMAGES)).format).toBe(format)
    }
  })
})

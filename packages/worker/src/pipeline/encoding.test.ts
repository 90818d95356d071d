import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { largestDifference, make, pixels, sample } from '../../test/images/pictures.ts'
import { pngOf } from '../../test/images/png.ts'
import { jpegQuality } from '../engine/jpeg-quality.ts'

const photo = () => sharp(sample('coffee.png')).removeAlpha().resize(120, 80)
const asked = { width: 60, height: 40 }
const written = async (bytes: Buffer) => sharp(bytes).metadata()
type Images = NonNullable<Parameters<typeof make>[0]['images']>

describe('quality', () => {
  test.each([
    ['jpeg', {}, '', 80],
    ['jpeg', { quality: 35 }, '', 35],
    ['jpeg', { quality: 35, webpQuality: 90, avifQuality: 90 }, '', 35],
    ['jpeg', { quality: 35 }, 'quality(72)', 72],
    ['jpeg', { keepQuality: true }, '', 63],
    ['jpeg', { keepQuality: true }, 'quality(72)', 72],
  ] as const)('of %s with %j and %s is %4$i', async (format, images, filters, quality) => {
    const source = await photo().jpeg({ quality: 63 }).toBuffer()
    expect(jpegQuality((await make({ source, asked, format, images, filters })).data)).toBe(quality)
  })

  test.each(['webp', 'avif'] as const)('of %s has a setting of its own', async (format) => {
    const source = await photo().png().toBuffer()
    const size = async (images: Images, filters = '') =>
      (await make({ source, asked, format, images, filters })).data.length
    const own = format === 'webp' ? 'webpQuality' : 'avifQuality'
    expect(await size({ quality: 20, [own]: 80 })).toBe(await size({ quality: 80 }))
    expect(await size({ quality: 20 })).toBeLessThan(await size({ quality: 80 }))
    expect(await size({ [own]: 80 }, 'quality(20)')).toBe(await size({ quality: 20 }))
  })

  test('of the source counts for JPEG alone', async () => {
    const jpeg = await photo().jpeg({ quality: 20 }).toBuffer()
    const size = async (keepQuality: boolean, format: 'jpeg' | 'webp') =>
      (await make({ source: jpeg, asked, format, images: { keepQuality } })).data.length
    expect(await size(true, 'jpeg')).toBeLessThan(await size(false, 'jpeg'))
    expect(await size(true, 'webp')).toBe(await size(false, 'webp'))
    const png = await photo().png().toBuffer()
    const { data } = await make({ source: png, asked, format: 'jpeg', images: { keepQuality: true } })
    expect(jpegQuality(data)).toBe(80)
  })
})

describe('JPEG', () => {
  test.each([
    ['4:2:0', '4:2:0', '4:2:0'],
    ['4:4:4', '4:2:0', '4:4:4'],
    ['keep', '4:2:0', '4:2:0'],
    ['keep', '4:4:4', '4:4:4'],
  ] as const)('with jpegSubsampling %s of a %s source has %s', async (jpegSubsampling, own, expected) => {
    const source = await photo().jpeg({ chromaSubsampling: own }).toBuffer()
    const { data } = await make({ source, asked, format: 'jpeg', images: { jpegSubsampling } })
    expect((await written(data)).chromaSubsampling).toBe(expected)
  })

  test('of a source that is none keeps nothing of it', async () => {
    const source = await photo().png().toBuffer()
    const { data } = await make({ source, asked, format: 'jpeg', images: { jpegSubsampling: 'keep' } })
    expect((await written(data)).chromaSubsampling).toBe('4:2:0')
  })

  test('has the quantisation table of the configuration', async () => {
    const source = await photo().png().toBuffer()
    const tables = new Set<string>()
    for (let jpegQuantTable = 0; jpegQuantTable <= 8; jpegQuantTable++) {
      const { data } = await make({ source, asked, format: 'jpeg', images: { jpegQuantTable } })
      const at = data.indexOf(Buffer.from([0xff, 0xdb]))
      tables.add(data.toString('hex', at + 4, at + 69))
    }
    expect(tables.size).toBe(9)
  })
})

test.each(['4:2:0', '4:4:4'] as const)('AVIF has its colour as configured: %s', async (avifSubsampling) => {
  const { data } = await make({
    source: await photo().png().toBuffer(),
    asked,
    format: 'avif',
    images: { avifSubsampling },
  })
  // av1C: marker and version, profile, then the flags; bits 2 and 3 tell that colour is halved (AV1-ISOBMFF 2.3.3).
  const flags = data[data.indexOf('av1C') + 6] as number
  expect((flags >> 2) & 3).toBe(avifSubsampling === '4:2:0' ? 3 : 0)
})

describe('palettes', () => {
  const indexed = () => photo().png({ palette: true, colours: 40 }).toBuffer()
  /** Rings of black and white, one bit each. */
  const bilevel = () => {
    const [width, height] = [120, 80]
    const ring = (x: number, y: number) => (Math.floor(Math.hypot(x - 60, y - 40) / 9) % 2 === 0 ? 1 : 0)
    const rows = Array.from({ length: height }, (_, y) => {
      const row = Buffer.alloc(width / 8)
      for (let x = 0; x < width; x++) row[x >> 3] = (row[x >> 3] as number) | (ring(x, y) << (7 - (x & 7)))
      return row
    })
    return pngOf({ width, height, bits: 1, colour: 'gray', rows })
  }

  test('PNG from a palette has one again, and its very colours where nothing was scaled', async () => {
    const source = await indexed()
    const scaled = await written((await make({ source, asked })).data)
    expect([scaled.isPalette, scaled.width]).toEqual([true, 60])
    const same = await make({ source })
    expect((await written(same.data)).isPalette).toBe(true)
    expect(largestDifference((await pixels(same.data)).data, (await pixels(source)).data)).toBe(0)
  })

  test('with transparency keep it', async () => {
    const source = await sharp(sample('flower-small-rgba.png')).png({ palette: true }).toBuffer()
    const { data } = await make({ source, asked })
    const { isPalette, hasAlpha } = await written(data)
    expect([isPalette, hasAlpha]).toEqual([true, true])
    expect((await sharp(data).stats()).isOpaque).toBe(false)
  })

  test.each(['png', 'gif'] as const)('%s from one bit has two colours', async (format) => {
    const source = bilevel()
    expect((await written(source)).bitsPerSample).toBe(1)
    const { data } = await make({ source, asked, format })
    const { data: shown, channels } = await pixels(data)
    const colours = new Set<string>()
    for (let at = 0; at < shown.length; at += channels) colours.add(shown.toString('hex', at, at + 3))
    expect(colours.size).toBeLessThanOrEqual(2)
  })

  test('are given up when switched off, and never asked for by other sources', async () => {
    const off = await make({ source: await indexed(), asked, images: { preservePalette: false } })
    expect((await written(off.data)).isPalette).toBe(false)
    const photograph = await make({ source: await photo().png().toBuffer(), asked })
    expect((await written(photograph.data)).isPalette).toBe(false)
  })

  test('are no hindrance for other formats', async () => {
    for (const format of ['jpeg', 'webp', 'avif'] as const) {
      expect((await make({ source: await indexed(), asked, format })).width).toBe(60)
    }
  })
})

describe('max_bytes', () => {
  test.each(['jpeg', 'webp'] as const)('walks the qualities of thumbor down for %s until it fits', async (format) => {
    const source = await photo().png().toBuffer()
    const of = async (filters: string) => (await make({ source, asked, format, filters })).data
    const sizes = await Promise.all([80, 60, 45, 33].map(async (quality) => (await of(`quality(${quality})`)).length))
    // 80, 60, 45, 33: each three quarters of the one before, rounded down.
    const limit = (sizes[2] as number) + 1
    expect(sizes[1]).toBeGreaterThan(limit)
    expect((await of(`max_bytes(${limit})`)).equals(await of('quality(45)'))).toBe(true)
    expect((await of(`max_bytes(${(sizes[0] as number) + 1})`)).equals(await of(''))).toBe(true)
  })

  test('gives the first encoding when even quality 10 is too large', async () => {
    const source = await photo().png().toBuffer()
    const squeezed = await make({ source, asked, format: 'jpeg', filters: 'max_bytes(50)' })
    expect(jpegQuality(squeezed.data)).toBe(80)
  })

  test.each(['png', 'avif', 'gif'] as const)('does nothing to %s', async (format) => {
    const source = await photo().png().toBuffer()
    const [limited, plain] = [
      await make({ source, asked, format, filters: 'max_bytes(10)' }),
      await make({ source, asked, format }),
    ]
    expect(limited.data.equals(plain.data)).toBe(true)
  })
})

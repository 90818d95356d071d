import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import {
  largestDifference,
  make,
  meanDifference,
  pixelAt,
  pixels,
  planJob,
  ramp,
  sample,
} from '../../test/images/pictures.ts'
import { render } from './render.ts'

const SAMPLES = [
  'astronaut.png',
  'flower-gray.jpg',
  'flower-progressive.jpg',
  'flower-small-cmyk.jpg',
  'flower-small-gray-alpha.png',
  'flower-small-rgba.png',
  'hubble_deep_field.jpg',
] as const
const FORMATS = ['jpeg', 'png', 'webp', 'avif', 'gif'] as const

/** The picture as libvips shows it on a screen: sRGB, colours converted. */
const onScreen = (bytes: Buffer) => sharp(bytes).toColourspace('srgb').removeAlpha().raw().toBuffer()

describe('sources and formats', () => {
  for (const name of SAMPLES) {
    test.each(FORMATS)(`${name} as %s looks like the source`, async (format) => {
      const source = sample(name)
      const { data, width, height } = await make({
        source,
        asked: { width: 96, height: 64 },
        format,
        images: { quality: 95 },
      })
      expect([width, height]).toEqual([96, 64])
      const metadata = await sharp(data).metadata()
      expect([metadata.format, metadata.width, metadata.height]).toEqual([format === 'avif' ? 'heif' : format, 96, 64])
      const wanted = await sharp(source).resize(96, 64, { fit: 'cover' }).removeAlpha().png().toBuffer()
      expect(meanDifference(await onScreen(data), await onScreen(wanted))).toBeLessThan(format === 'gif' ? 25 : 8)
    })
  }

  test.each(['webp', 'avif', 'tiff', 'gif'] as const)('%s sources are read', async (format) => {
    const source = await sharp(sample('coffee.png')).resize(120, 80).toFormat(format).toBuffer()
    expect(await make({ source, asked: { width: 60, height: 0 } })).toMatchObject({
      width: 60,
      height: 40,
      format: 'png',
    })
  })

  test('16 bit becomes 8 bit', async () => {
    const source = await sharp(sample('coffee.png')).toColourspace('rgb16').png().toBuffer()
    expect((await sharp(source).metadata()).depth).toBe('ushort')
    for (const filters of ['', 'brightness(0)']) {
      const { data } = await make({ source, filters })
      expect((await sharp(data).metadata()).depth).toBe('uchar')
      expect(
        largestDifference((await pixels(data)).data, (await pixels(sample('coffee.png'))).data),
      ).toBeLessThanOrEqual(1)
    }
  })

  test('one pixel is enough', async () => {
    const source = await sharp({ create: { width: 1, height: 1, channels: 4, background: '#12345678' } })
      .png()
      .toBuffer()
    expect((await make({ source, asked: { width: 3, height: 2 }, filters: 'blur(3):rotate(90)' })).width).toBe(2)
  })

  test('palette PNG with transparency keeps it', async () => {
    const source = await sharp(sample('flower-small-rgba.png')).png({ palette: true }).toBuffer()
    const { data } = await make({ source, asked: { width: 50, height: 50 } })
    expect((await sharp(data).metadata()).hasAlpha).toBe(true)
  })
})

describe('alpha', () => {
  const clear = sharp({ create: { width: 8, height: 8, channels: 4, background: { r: 200, g: 100, b: 50, alpha: 0 } } })

  test('is discarded by JPEG: the colour below shows, nothing is flattened', async () => {
    const { data } = await make({ source: await clear.png().toBuffer(), format: 'jpeg', images: { quality: 100 } })
    const [red = 0, green = 0, blue = 0] = pixelAt(await pixels(data), 4, 4)
    expect(Math.max(Math.abs(red - 200), Math.abs(green - 100), Math.abs(blue - 50))).toBeLessThanOrEqual(3)
  })

  test('stays in PNG, WebP and AVIF', async () => {
    for (const format of ['png', 'webp', 'avif'] as const) {
      const { data } = await make({ source: sample('flower-small-rgba.png'), asked: { width: 40, height: 40 }, format })
      expect((await sharp(data).metadata()).hasAlpha).toBe(true)
    }
  })

  test('stays through grayscale', async () => {
    const { data } = await make({ source: sample('flower-small-rgba.png'), filters: 'grayscale()' })
    const [gray, own] = [await pixels(data), await pixels(sample('flower-small-rgba.png'))]
    for (const at of [0, 100, 250, 400]) {
      const [red = 0, green = 0, blue = 0, alpha = 0] = pixelAt(own, at, at)
      const [a = 0, b = 0, c = 0, d] = pixelAt(gray, at, at)
      // Pillow: (19595 R + 38470 G + 7471 B + 0x8000) >> 16.
      const luma = (19_595 * red + 38_470 * green + 7471 * blue + 0x8000) >> 16
      expect([a === b, b === c, d]).toEqual([true, true, alpha])
      expect(Math.abs(a - luma)).toBeLessThanOrEqual(1)
    }
  })
})

describe('encoders', () => {
  const source = sample('coffee.png')
  const asked = { width: 120, height: 80 }
  const isProgressive = async (data: Buffer) => (await sharp(data).metadata()).isProgressive

  test('JPEG is progressive, 4:2:0 and optimised, as configured', async () => {
    const progressive = await make({ source, asked, format: 'jpeg' })
    const baseline = await make({ source, asked, format: 'jpeg', images: { progressiveJpeg: false } })
    expect([await isProgressive(progressive.data), await isProgressive(baseline.data)]).toEqual([true, false])
    expect((await sharp(baseline.data).metadata()).chromaSubsampling).toBe('4:2:0')
    const plain = await sharp(source)
      .resize(120, 80, { fit: 'fill' })
      .jpeg({ quality: 80, optimiseCoding: false })
      .toBuffer()
    expect(baseline.data.length).toBeLessThan(plain.length)
  })

  test('WebP is lossless at quality 100', async () => {
    const [png, webp] = [
      await make({ source, asked }),
      await make({ source, asked, format: 'webp', filters: 'quality(100)' }),
    ]
    expect(largestDifference((await pixels(png.data)).data, (await pixels(webp.data)).data)).toBe(0)
    const lossy = await make({ source, asked, format: 'webp', filters: 'quality(99)' })
    expect(largestDifference((await pixels(png.data)).data, (await pixels(lossy.data)).data)).toBeGreaterThan(0)
  })

  test('PNG uses the configured level', async () => {
    const size = async (pngLevel: number) => (await make({ source, asked, images: { pngLevel } })).data.length
    expect(await size(9)).toBeLessThan(await size(0))
  })
})

describe('colour profiles', () => {
  // Pure red of a wide gamut is not (255, 0, 0) of sRGB; numbers that are kept are the same with and without filters.
  const wide = async () =>
    sharp({ create: { width: 16, height: 16, channels: 3, background: '#c04020' } })
      .withIccProfile('p3')
      .png()
      .toBuffer()

  test('are kept, and the numbers with them', async () => {
    const source = await wide()
    const { data } = await make({ source, asked: { width: 8, height: 8 } })
    const { icc } = await sharp(data).metadata()
    expect(icc?.equals((await sharp(source).metadata()).icc as Buffer)).toBe(true)
    expect(await onScreen(data)).toEqual((await onScreen(source)).subarray(0, 8 * 8 * 3))
  })

  test.each([
    ['strip_icc()', 'jpeg'],
    ['brightness(0)', 'png'],
    ['max_bytes(100000)', 'webp'],
  ] as const)('give way to sRGB with %s, and the picture looks the same', async (filters, format) => {
    const source = await wide()
    const { data } = await make({ source, filters, format, images: { quality: 100 } })
    expect((await sharp(data).metadata()).hasProfile).toBe(false)
    expect(largestDifference(await onScreen(data), await onScreen(source))).toBeLessThanOrEqual(3)
  })

  test('of CMYK and gray sources are applied, never put into an RGB file', async () => {
    const { data } = await make({
      source: sample('flower-small-cmyk.jpg'),
      format: 'jpeg',
      asked: { width: 60, height: 60 },
    })
    const metadata = await sharp(data).metadata()
    expect([metadata.space, metadata.hasProfile]).toEqual(['srgb', false])
  })
})

describe('EXIF', () => {
  const tagged = async () =>
    (await ramp(64, 48))
      .withMetadata({ orientation: 6 })
      .withExifMerge({ IFD0: { Copyright: 'someone' } })
      .jpeg()
      .toBuffer()

  test('is dropped unless configured', async () => {
    expect((await sharp((await make({ source: await tagged(), format: 'jpeg' })).data).metadata()).exif).toBeUndefined()
  })

  test.each(['jpeg', 'png', 'webp'] as const)('is kept in %s by preserveExif', async (format) => {
    const { data } = await make({ source: await tagged(), format, images: { preserveExif: true } })
    const { exif, orientation } = await sharp(data).metadata()
    expect([String(exif).includes('someone'), orientation]).toEqual([true, 6])
  })

  test.each(['brightness(20)', 'max_bytes(100000)', 'rotate(90):grayscale()'])(
    'is kept through %s',
    async (filters) => {
      const source = await tagged()
      const asked = { width: 40, height: 30 }
      const [kept, plain] = await Promise.all(
        [true, false].map((preserveExif) => make({ source, asked, filters, format: 'jpeg', images: { preserveExif } })),
      )
      const { exif } = await sharp(kept?.data).metadata()
      expect(String(exif)).toContain('someone')
      expect(await onScreen(kept?.data as Buffer)).toEqual(await onScreen(plain?.data as Buffer))
    },
  )

  test('says upright once the picture has been turned', async () => {
    const images = { preserveExif: true, respectOrientation: true }
    const { data, width } = await make({ source: await tagged(), format: 'jpeg', images })
    const { exif, orientation } = await sharp(data).metadata()
    expect([String(exif).includes('someone'), orientation, width]).toEqual([true, 1, 48])
  })
})

describe('GIF sources', () => {
  test('pass without filters, as in thumbor, but for those before the geometry', async () => {
    const source = await sharp(sample('coffee.png')).resize(60, 40).gif().toBuffer()
    const plan = await planJob({ source, format: 'gif', filters: 'rotate(90):quality(1):blur(9):proportion(0.1)' })
    expect(plan.steps).toEqual([])
    const kept = await planJob({ source, format: 'gif', asked: { width: 600, height: 20 }, filters: 'no_upscale()' })
    expect(kept.size).toEqual({ width: 60, height: 20 })
  })
})

describe('failures', () => {
  test('of the source are SOURCE_UNDECODABLE', async () => {
    const source = await sharp(sample('coffee.png')).avif({ effort: 0 }).toBuffer()
    const plan = await planJob({ source, asked: { width: 10, height: 10 } })
    source.fill(0x55, source.length - 2000)
    const broken = source.subarray(0, Math.floor(source.length / 2))
    await expect(render(plan, broken, new Map())).rejects.toMatchObject({ code: 'SOURCE_UNDECODABLE' })
  })

  test('of a watermark name it', async () => {
    const source = sample('coffee.png')
    const mark = await sharp(source).resize(40, 40).avif({ effort: 0 }).toBuffer()
    const plan = await planJob({ source, filters: 'watermark(mark.avif,0,0,0)', refs: { 'mark.avif': mark } })
    const refs = new Map([['mark.avif', mark.subarray(0, mark.length / 2)]])
    await expect(render(plan, source, refs)).rejects.toMatchObject({
      code: 'SOURCE_UNDECODABLE',
      detail: expect.stringContaining('mark.avif'),
    })
  })
})

describe('time', () => {
  test('is told by stage', async () => {
    const source = sample('coffee.png')
    const direct = await make({ source, asked: { width: 60, height: 40 } })
    expect(direct.timings).toEqual({ decode: 0, render: expect.any(Number), encode: 0 })
    const filtered = await make({ source, filters: 'blur(2)' })
    expect(Math.min(filtered.timings.decode, filtered.timings.render, filtered.timings.encode)).toBeGreaterThan(0)
  })

  test('spent in pixel filters is shared: other work gets its turn', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    try {
      await make({ source: sample('coffee.png'), filters: 'blur(60):blur(60)' })
    } finally {
      clearInterval(timer)
    }
    expect(turns).toBeGreaterThan(5)
  })
})

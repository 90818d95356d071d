import sharp, { type Sharp } from 'sharp'
import { describe, expect, test } from 'vitest'
import { largestDifference, make, meanDifference, pixels, ramp } from '../../test/images/pictures.ts'

const OUTPUTS = ['jpeg', 'png', 'webp', 'avif'] as const
type Output = (typeof OUTPUTS)[number]
const ORIENTED = ['jpeg', 'png', 'webp', 'tiff'] as const

const XMP =
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
  '<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="52,30N"/></rdf:RDF></x:xmpmeta>'

/** Lossless where the format can be. */
function written(image: Sharp, format: (typeof ORIENTED)[number]): Promise<Buffer> {
  if (format === 'jpeg') return image.jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer()
  return format === 'webp' ? image.webp({ lossless: true }).toBuffer() : image.toFormat(format).toBuffer()
}

/** As viewers show it: turned by what the file itself says. */
const shown = async (bytes: Buffer) => pixels(await sharp(bytes).autoOrient().removeAlpha().png().toBuffer())

describe('EXIF orientation', () => {
  for (const format of ORIENTED) {
    test.each([1, 2, 3, 4, 5, 6, 7, 8])(
      `%i in ${format} turns the picture once, whatever it becomes`,
      async (orientation) => {
        const source = await written((await ramp(48, 32)).withMetadata({ orientation }), format)
        const upright = await shown(source)
        for (const output of OUTPUTS) {
          const { data, width, height } = await make({
            source,
            format: output,
            images: { respectOrientation: true, quality: 100, jpegSubsampling: '4:4:4', avifSubsampling: '4:4:4' },
          })
          expect([width, height]).toEqual([upright.width, upright.height])
          const result = await shown(data)
          expect([result.width, result.height]).toEqual([width, height])
          expect(meanDifference(result.data, upright.data)).toBeLessThan(4)
        }
      },
    )
  }

  test.each(OUTPUTS)('is forgotten in %s unless respected: the pixels are shown as stored', async (output) => {
    for (const format of ORIENTED) {
      const source = await written((await ramp(48, 32)).withMetadata({ orientation: 6 }), format)
      for (const images of [
        {},
        { preserveXmp: true },
        { preserveCopyright: true },
        { colourProfile: 'srgb' as const },
      ]) {
        const { data } = await make({ source, format: output, images: { quality: 100, ...images } })
        const [result, stored] = [await shown(data), await pixels(source)]
        expect([result.width, result.height]).toEqual([48, 32])
        expect(meanDifference(result.data, stored.data)).toBeLessThan(4)
      }
    }
  })

  test('of AVIF is a property of the file, which is always respected', async () => {
    const source = await (await ramp(48, 32))
      .withMetadata({ orientation: 6 })
      .avif({ quality: 100, effort: 0 })
      .toBuffer()
    for (const respectOrientation of [true, false]) {
      expect(await make({ source, images: { respectOrientation } })).toMatchObject({ width: 32, height: 48 })
    }
  })
})

describe('colour profiles', () => {
  /** Numbers that mean another colour in Display P3 than in sRGB. */
  const wide = async () =>
    sharp({ create: { width: 16, height: 16, channels: 3, background: '#c04020' } })
      .withIccProfile('p3')
      .png()
      .toBuffer()
  const colour = async (bytes: Buffer) => [...(await sharp(bytes, { ignoreIcc: true }).raw().toBuffer()).subarray(0, 3)]
  const onScreen = (bytes: Buffer) => sharp(bytes).toColourspace('srgb').removeAlpha().raw().toBuffer()

  test.each(['', 'brightness(0)'])('srgb converts the colours%s: other numbers, the same look', async (filters) => {
    const source = await wide()
    for (const format of OUTPUTS) {
      const { data } = await make({ source, format, filters, images: { colourProfile: 'srgb', quality: 100 } })
      expect((await sharp(data).metadata()).hasProfile).toBe(false)
      expect(largestDifference(await onScreen(data), await onScreen(source))).toBeLessThanOrEqual(3)
    }
    expect(await colour(source)).not.toEqual([...(await onScreen(source)).subarray(0, 3)])
  })

  test.each(['', 'brightness(0)'])('strip leaves the numbers%s: another look', async (filters) => {
    const source = await wide()
    const { data } = await make({ source, filters, images: { colourProfile: 'strip' } })
    expect([(await sharp(data).metadata()).hasProfile, await colour(data)]).toEqual([false, await colour(source)])
  })

  test('keep leaves profile and numbers, in every format that has profiles', async () => {
    const source = await wide()
    const { icc } = await sharp(source).metadata()
    for (const format of OUTPUTS) {
      const { data } = await make({ source, format, images: { quality: 100 } })
      expect((await sharp(data).metadata()).icc?.equals(icc as Buffer)).toBe(true)
    }
    expect((await make({ source, format: 'gif' })).format).toBe('gif')
  })

  test.each(['keep', 'srgb', 'strip'] as const)('of CMYK are applied and never kept: %s', async (colourProfile) => {
    const picture = await ramp(32, 32)
    const source = await picture.withIccProfile('cmyk').jpeg({ quality: 100 }).toBuffer()
    const plain = await onScreen(source)
    for (const format of OUTPUTS) {
      const { data } = await make({ source, format, images: { colourProfile, quality: 100 } })
      const metadata = await sharp(data).metadata()
      expect([metadata.space, metadata.hasProfile]).toEqual(['srgb', false])
      expect(meanDifference(await onScreen(data), plain)).toBeLessThan(4)
    }
  })
})

describe('what the source tells about itself', () => {
  const source = async () =>
    (await ramp(64, 48))
      .withMetadata({ orientation: 6 })
      .withExifMerge({
        IFD0: { Artist: 'somebody', Copyright: 'someone', Make: 'a camera' },
        IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 30/1 0/1' },
      })
      .withXmp(XMP)
      .jpeg()
      .toBuffer()
  const GPS = Buffer.from([0x25, 0x88, 0x04, 0x00])
  const told = async (format: Output, images: object, filters = '') => {
    const { data } = await make({ source: await source(), format, filters, images, asked: { width: 32, height: 24 } })
    const { exif, xmp } = await sharp(data).metadata()
    return {
      artist: exif?.includes('somebody') === true,
      camera: exif?.includes('a camera') === true,
      position: exif?.includes(GPS) === true || xmp?.includes('GPSLatitude') === true,
      xmp: xmp !== undefined,
    }
  }
  const NOTHING = { artist: false, camera: false, position: false, xmp: false }
  const RIGHTS = { ...NOTHING, artist: true }
  const ALL_EXIF = { ...RIGHTS, camera: true, position: true }

  describe.each(OUTPUTS)('in %s', (format) => {
    // A filter on pixels and max_bytes take the ways that do not begin with the source.
    test.each(['', 'brightness(3)', 'max_bytes(100000)'])(
      'is what was asked for and no more; filters: %s',
      async (filters) => {
        expect(await told(format, {}, filters)).toEqual(NOTHING)
        expect(await told(format, { respectOrientation: true }, filters)).toEqual(NOTHING)
        expect(await told(format, { preserveCopyright: true }, filters)).toEqual(RIGHTS)
        expect(await told(format, { preserveCopyright: true, respectOrientation: true }, filters)).toEqual(RIGHTS)
        expect(await told(format, { preserveExif: true }, filters)).toEqual(ALL_EXIF)
        expect(await told(format, { preserveExif: true, respectOrientation: true }, filters)).toEqual(ALL_EXIF)
        expect(await told(format, { preserveXmp: true }, filters)).toEqual({ ...NOTHING, position: true, xmp: true })
      },
    )

    test('is nothing with strip_exif(), except for the rights where they are to be kept', async () => {
      const images = { preserveExif: true, preserveXmp: true }
      expect(await told(format, images, 'strip_exif()')).toEqual(NOTHING)
      expect(await told(format, { ...images, preserveCopyright: true }, 'strip_exif()')).toEqual(RIGHTS)
    })
  })

  test.each(['jpeg', 'png', 'webp', 'avif', 'tiff', 'gif'] as const)(
    'is nothing where %s tells nothing',
    async (from) => {
      const plain = await (await ramp(32, 32)).toFormat(from).toBuffer()
      for (const images of [{ preserveExif: true }, { preserveExif: true, respectOrientation: true }]) {
        for (const format of OUTPUTS) {
          const { data } = await make({ source: plain, format, images })
          expect((await sharp(data).metadata()).exif).toBeUndefined()
        }
      }
    },
  )

  test('of the orientation of a TIFF, which has no EXIF block, goes along with preserveExif', async () => {
    const turned = await (await ramp(48, 32)).withMetadata({ orientation: 6 }).tiff().toBuffer()
    const { data } = await make({ source: turned, format: 'jpeg', images: { preserveExif: true } })
    expect((await sharp(data).metadata()).orientation).toBe(6)
  })

  test('keeps its profile beside it', async () => {
    const wide = await sharp(await source())
      .keepExif()
      .withIccProfile('p3')
      .jpeg()
      .toBuffer()
    for (const images of [{ preserveExif: true, respectOrientation: true }, { preserveCopyright: true }]) {
      const { data } = await make({ source: wide, format: 'jpeg', images })
      const { hasProfile, orientation, exif } = await sharp(data).metadata()
      expect([hasProfile, orientation, exif?.includes('somebody')]).toEqual([true, 1, true])
    }
  })

  test('in EXIF that cannot be read never fails a request', async () => {
    const bytes = await source()
    const at = bytes.indexOf('Exif')
    for (const from of [6, 10, 14, 20, 40]) {
      const broken = Buffer.from(bytes)
      broken.fill(0xff, at + from, at + from + 30)
      for (const images of [{ preserveExif: true }, { preserveCopyright: true }, { respectOrientation: true }]) {
        for (const format of OUTPUTS) {
          expect((await make({ source: broken, format, images, asked: { width: 16, height: 16 } })).width).toBe(16)
        }
      }
    }
  })
})

describe('IPTC', () => {
  const CAPTION = 'a caption of the press agency'
  const source = async () => {
    const jpeg = await (await ramp(32, 32)).jpeg().toBuffer()
    const record = Buffer.concat([Buffer.from([0x1c, 2, 120, 0, CAPTION.length]), Buffer.from(CAPTION)])
    const resource = Buffer.concat([
      Buffer.from('8BIM\x04\x04\0\0\0\0\0', 'latin1'),
      Buffer.from([record.length]),
      record,
    ])
    const body = Buffer.concat([Buffer.from('Photoshop 3.0\0'), resource])
    const head = Buffer.from([0xff, 0xed, 0, body.length + 2])
    return Buffer.concat([jpeg.subarray(0, 2), head, body, jpeg.subarray(2)])
  }
  const has = async (format: Output, images: object, filters = '') =>
    (await make({ source: await source(), format, images, filters })).data.includes(CAPTION)

  test('goes from JPEG to JPEG when asked for, also through filters, and nowhere else', async () => {
    expect(await has('jpeg', {})).toBe(false)
    for (const filters of ['', 'brightness(3)', 'max_bytes(100000)']) {
      expect(await has('jpeg', { preserveIptc: true }, filters)).toBe(true)
    }
    expect(await has('jpeg', { preserveIptc: true }, 'strip_exif()')).toBe(false)
    expect(await has('webp', { preserveIptc: true })).toBe(false)
    expect(await has('jpeg', { preserveExif: true })).toBe(false)
  })

  test('counts in max_bytes', async () => {
    const { data } = await make({ source: await source(), format: 'jpeg', images: { preserveIptc: true } })
    const plain = await make({ source: await source(), format: 'jpeg' })
    expect(data.length).toBeGreaterThan(plain.data.length)
    const squeezed = await make({
      source: await source(),
      format: 'jpeg',
      images: { preserveIptc: true },
      filters: `max_bytes(${data.length - 1})`,
    })
    expect(squeezed.data.length).toBeLessThan(data.length)
    expect(squeezed.data.includes(CAPTION)).toBe(true)
  })
})

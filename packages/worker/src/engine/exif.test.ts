import sharp, { type Sharp } from 'sharp'
import { describe, expect, test } from 'vitest'
import { editedExif } from './exif.ts'

const AUTHOR = Buffer.from('Jörg (Köln) & me\0')
const RIGHTS = Buffer.from('© 2020 Acme (UK, x) Ltd\0')
const TITLE = Buffer.from("a title that is nobody's business\0")
const TEXTS = { 270: TITLE, 315: AUTHOR, 33432: RIGHTS }

const flat = (): Sharp => sharp({ create: { width: 32, height: 16, channels: 3, background: '#123' } })

/** A photo of orientation 6 that tells where it was taken. */
const taken = (format: 'jpeg' | 'png' | 'webp') =>
  flat()
    .withMetadata({ orientation: 6 })
    .withExifMerge({
      IFD0: { Artist: 'me', Make: 'a camera' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 30/1 0/1' },
    })
    .toFormat(format)
    .toBuffer()

function edited(...of: Parameters<typeof editedExif>): Buffer {
  const { bytes, complete } = editedExif(...of) as NonNullable<ReturnType<typeof editedExif>>
  expect(complete).toBe(true)
  return bytes
}

/** The EXIF block sharp finds in what it writes of a source. */
async function kept(source: Buffer, format: 'jpeg' | 'png' | 'webp' | 'avif' = 'jpeg') {
  const written = await sharp(source, { failOn: 'none' }).keepExif().toFormat(format).toBuffer()
  const { exif = Buffer.alloc(0), orientation } = await sharp(written).metadata()
  return { exif, orientation, written }
}

/** A TIFF directory of ASCII entries, each in a place of its own behind it. */
function directory(order: 'II' | 'MM', texts: Readonly<Record<number, Buffer>>, next = 0): Buffer {
  const tags = Object.entries(texts)
  const end = 8 + 2 + tags.length * 12 + 4
  const bytes = Buffer.alloc(end)
  const short = (value: number, at: number) =>
    order === 'II' ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at)
  const long = (value: number, at: number) =>
    order === 'II' ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at)
  bytes.write(order, 'latin1')
  short(42, 2)
  long(8, 4)
  short(tags.length, 8)
  let behind = end
  for (const [i, [tag, text]] of tags.entries()) {
    const at = 10 + i * 12
    short(Number(tag), at)
    short(2, at + 2)
    long(text.length, at + 4)
    if (text.length <= 4) text.copy(bytes, at + 8)
    else long(behind, at + 8)
    if (text.length > 4) behind += text.length
  }
  long(next, end - 4)
  return Buffer.concat([bytes, ...Object.values(texts).filter((text) => text.length > 4)])
}

describe('rightsOnly', () => {
  const edit = { rightsOnly: true, upright: true }

  test.each(['II', 'MM'] as const)('keeps three texts letter by letter and nothing else: %s', async (order) => {
    const source = await jpegWith(directory(order, TEXTS))
    const copy = edited(source, 'jpeg', edit)
    for (const format of ['jpeg', 'png', 'webp', 'avif'] as const) {
      const { exif } = await kept(copy, format)
      expect([exif.includes(AUTHOR), exif.includes(RIGHTS), exif.includes('a title')]).toEqual([true, true, false])
    }
    expect(copy.includes('a title')).toBe(false)
  })

  test.each(['jpeg', 'png', 'webp'] as const)('leaves no position in %s', async (format) => {
    const source = await taken(format)
    const careless = await kept(source, format)
    expect(fields(careless.exif)).toContain(0x8825)
    const { exif, orientation } = await kept(edited(source, format, edit), format)
    expect(fields(exif)).toContain(0x013b)
    expect(fields(exif)).not.toContain(0x8825)
    expect(fields(exif)).not.toContain(0x010f)
    expect(orientation).toBe(1)
  })

  test('clears what cannot be read, and a second block as well', async () => {
    const source = await jpegWith(directory('II', TEXTS), Buffer.from('II*\0 where it was taken: 52.5'))
    const copy = edited(source, 'jpeg', edit)
    expect(copy.includes('where it was taken')).toBe(false)
    expect(copy.includes(RIGHTS)).toBe(true)
  })

  test('finds a block behind what is no segment, as libjpeg does', async () => {
    const source = await jpegWith(directory('II', TEXTS))
    const noise = Buffer.from([0x00, 0x12, 0xff, 0x00, 0xff, 0xff])
    const noisy = Buffer.concat([source.subarray(0, 2), noise, source.subarray(2)])
    expect((await kept(noisy)).exif.includes('a title')).toBe(true)
    const { exif } = await kept(edited(noisy, 'jpeg', edit))
    expect([exif.includes(RIGHTS), exif.includes('a title')]).toEqual([true, false])
  })

  test.each([
    ['noise', Buffer.from('what is this? certainly no directory')],
    ['a directory behind the end', Buffer.from('II*\0\xff\xff\xff\x00\0\0', 'latin1')],
    ['more entries than bytes', Buffer.from('II*\0\x08\0\0\0\xff\xff\0\0', 'latin1')],
  ])('keeps nothing of %s', async (_, block) => {
    expect(editedExif(await jpegWith(block), 'jpeg', edit)?.complete).toBe(false)
  })

  test('leaves out a text that ends behind the block', async () => {
    const copy = edited(await jpegWith(directory('II', { 315: AUTHOR }).subarray(0, 30)), 'jpeg', edit)
    expect((await sharp(copy).metadata()).width).toBe(32)
    expect(copy.includes('Jör')).toBe(false)
  })

  test.each(['tiff', 'avif'] as const)('keeps nothing of %s, whose block cannot be changed', async (format) => {
    const source = await flat().withMetadata({ orientation: 6 }).toFormat(format).toBuffer()
    expect(editedExif(source, format, edit)?.complete ?? false).toBe(false)
  })
})

describe('the whole block', () => {
  test.each(['jpeg', 'png', 'webp'] as const)('of %s has orientation 1 once turned, in a copy', async (format) => {
    const source = await taken(format)
    const before = Buffer.from(source)
    const copy = edited(source, format, { rightsOnly: false, upright: true })
    expect(source.equals(before)).toBe(true)
    const { orientation, exif } = await sharp(copy, { failOn: 'warning' }).metadata()
    expect([orientation, fields(exif as Buffer).includes(0x8825)]).toEqual([1, true])
    const asIs = edited(source, format, { rightsOnly: false, upright: false })
    expect((await sharp(asIs).metadata()).orientation).toBe(6)
  })

  test('of TIFF has orientation 1, and its further pages stay', async () => {
    const pages = await Promise.all([flat().png().toBuffer(), flat().negate().png().toBuffer()])
    const source = await sharp(pages, { join: { animated: true } })
      .withMetadata({ orientation: 8 })
      .tiff()
      .toBuffer()
    expect((await sharp(source).metadata()).orientation).toBe(8)
    const copy = edited(source, 'tiff', { rightsOnly: false, upright: true })
    const { orientation, pages: count } = await sharp(copy).metadata()
    expect([orientation, count]).toEqual([1, 2])
  })

  test('goes without the small picture of the whole', async () => {
    const preview = await flat().resize(8).jpeg().toBuffer()
    const source = await jpegWith(withPreview(preview))
    const careless = await kept(source)
    expect(careless.exif.includes(preview)).toBe(true)
    const { exif } = await kept(edited(source, 'jpeg', { rightsOnly: false, upright: false }))
    expect([exif.includes(AUTHOR), exif.includes(preview.subarray(20))]).toEqual([true, false])
  })

  test.each(['gif', 'svg', 'avif', 'jpeg', 'png', 'webp', 'tiff'] as const)('%s without one has no copy', (format) => {
    const bytes = Buffer.from('nothing of the kind in here, whatever it says it is')
    expect(editedExif(bytes, format, { rightsOnly: true, upright: true })?.complete ?? false).toBe(false)
  })
})

/** Tags of the first directory. */
function fields(exif: Buffer): number[] {
  const block = exif.toString('latin1', 0, 4) === 'Exif' ? exif.subarray(6) : exif
  const little = block[0] === 0x49
  const short = (at: number) => (little ? block.readUInt16LE(at) : block.readUInt16BE(at))
  return Array.from({ length: short(8) }, (_, i) => short(10 + i * 12))
}

/** A JPEG with these EXIF blocks. */
async function jpegWith(...blocks: readonly Buffer[]): Promise<Buffer> {
  const jpeg = await flat().jpeg().toBuffer()
  const segments = blocks.map((block) => {
    const length = block.length + 8
    return Buffer.concat([Buffer.from([0xff, 0xe1, length >> 8, length & 255]), Buffer.from('Exif\0\0'), block])
  })
  return Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)])
}

/** A block whose second directory holds a preview. */
function withPreview(preview: Buffer): Buffer {
  const texts = { 315: AUTHOR }
  const at = directory('II', texts).length
  const second = Buffer.alloc(2 + 2 * 12 + 4)
  second.writeUInt16LE(2, 0)
  const entry = (place: number, tag: number, value: number) => {
    second.writeUInt16LE(tag, place)
    second.writeUInt16LE(4, place + 2)
    second.writeUInt32LE(1, place + 4)
    second.writeUInt32LE(value, place + 8)
  }
  entry(2, 0x0201, at + second.length)
  entry(14, 0x0202, preview.length)
  return Buffer.concat([directory('II', texts, at), second, preview])
}

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { ramp, sample } from './pictures.ts'

/** Pictures of the names, sizes and kinds of thumbor's fixtures (`tests/fixtures/images`), made of our own samples. */
const FIXTURES: Readonly<Record<string, () => Promise<Buffer> | Buffer>> = {
  'image.jpg': () => photo(300, 400).jpeg().toBuffer(),
  image: () => photo(300, 400).jpeg().toBuffer(),
  '15967251_212831_19242645_АгатавЗоопарке.jpg': () => photo(300, 400).jpeg().toBuffer(),
  'alabama1_ap620é.jpg': () => photo(620, 465).jpeg().toBuffer(),
  'image space.jpg': () => photo(300, 225).jpeg().toBuffer(),
  'image.png': () => photo(300, 400).removeAlpha().png().toBuffer(),
  'image.avif': () => photo(300, 400).avif({ effort: 0 }).toBuffer(),
  'grayscale.jpg': () => photo(300, 400).toColourspace('b-w').jpeg().toBuffer(),
  'cmyk.jpg': () => photo(300, 400).toColourspace('cmyk').jpeg().toBuffer(),
  'weird_normalize_error.jpg': () => photo(159, 239).jpeg().toBuffer(),
  '20x20.jpg': () => photo(20, 20).jpeg().toBuffer(),
  '940x2.png': () => photo(940, 2).png().toBuffer(),
  '1x1.png': () => photo(1, 1).png().toBuffer(),
  'thumbor-exif.png': () =>
    photo(300, 225)
      .withExif({ IFD0: { Copyright: 'nobody' } })
      .png()
      .toBuffer(),
  'Giunchedi%2C_Filippo_January_2015_01.jpg': () => photo(1200, 1600).jpeg().toBuffer(),
  'Giunchedi%2C_Filippo_January_2015_01.png': () => photo(300, 400).removeAlpha().png().toBuffer(),
  'watermark.png': () => sharp(sample('flower-small-rgba.png')).resize(300, 300).png().toBuffer(),
  'animated.gif': animation,
  'gradient_8bit.tif': async () => (await ramp(64, 64)).tiff().toBuffer(),
  'gradient_lsb_16bperchannel.tif': () => tiff16('II'),
  'gradient_msb_16bperchannel.tif': () => tiff16('MM'),
  'Commons-logo.svg': () => svg('1024', '1376'),
  'Commons-logo-inches.svg': () => svg('10in', '13in'),
  '9643x10328.jpg': oversized,
  '1x1.psd': () => Buffer.from('8BPS\0\x01\0\0\0\0\0\0\0\x03\0\0\0\x01\0\0\0\x01\0\x08\0\x03', 'latin1'),
  'broken.bin': () => Buffer.from('not a picture'),
}

/** Writes them all into a directory. */
export async function writeFixtures(root: string): Promise<void> {
  for (const [name, make] of Object.entries(FIXTURES)) await writeFile(join(root, name), await make())
}

function photo(width: number, height: number): Sharp {
  return sharp(sample('astronaut.png')).resize(width, height)
}

async function animation(): Promise<Buffer> {
  const frames = [await photo(100, 100).png().toBuffer(), await photo(100, 100).negate().png().toBuffer()]
  return sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer()
}

function svg(width: string, height: string): Buffer {
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 1024 1376">` +
      '<circle cx="512" cy="688" r="400" fill="#069"/></svg>',
  )
}

/** A JPEG whose header claims more pixels than there are: what a limit on pixels has to stop before decoding. */
async function oversized(): Promise<Buffer> {
  const jpeg = await photo(32, 32).jpeg().toBuffer()
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]))
  jpeg.writeUInt16BE(10_328, frame + 5)
  jpeg.writeUInt16BE(9643, frame + 7)
  return jpeg
}

/** An uncompressed gray gradient of 16 bit in either byte order (TIFF 6.0), which sharp does not write. */
function tiff16(order: 'II' | 'MM'): Buffer {
  const side = 16
  const entries = [
    [256, side], // ImageWidth
    [257, side], // ImageLength
    [258, 16], // BitsPerSample
    [259, 1], // Compression: none
    [262, 1], // PhotometricInterpretation: black is zero
    [273, 122], // StripOffsets
    [277, 1], // SamplesPerPixel
    [278, side], // RowsPerStrip
    [279, side * side * 2], // StripByteCounts
  ] as const
  const file = Buffer.alloc(122 + side * side * 2)
  const put16 = (value: number, at: number) =>
    order === 'II' ? file.writeUInt16LE(value, at) : file.writeUInt16BE(value, at)
  file.write(order, 0, 'latin1')
  put16(42, 2)
  // The only directory begins at byte 8; 32-bit numbers below 65,536 are two halves.
  put16(8, order === 'II' ? 4 : 6)
  put16(entries.length, 8)
  for (const [i, [tag, value]] of entries.entries()) {
    const at = 10 + i * 12
    put16(tag, at)
    put16(3, at + 2)
    put16(1, order === 'II' ? at + 4 : at + 6)
    put16(value, at + 8)
  }
  for (let i = 0; i < side * side; i++) put16(i * 256, 122 + i * 2)
  return file
}

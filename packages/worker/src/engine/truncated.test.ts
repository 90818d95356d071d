import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { sample } from '../../test/images/pictures.ts'
import type { SourceFormat } from './image.ts'
import { isTruncated } from './truncated.ts'

type Case = readonly [name: string, format: SourceFormat, make: () => Promise<Buffer>]
const photo = () => sharp(sample('coffee.png')).resize(120, 80).removeAlpha()
const twoFrames = async () => {
  const frames = await Promise.all([photo().png().toBuffer(), photo().negate().png().toBuffer()])
  return sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer()
}
const CASES: readonly Case[] = [
  ['JPEG', 'jpeg', () => photo().jpeg().toBuffer()],
  ['progressive JPEG', 'jpeg', () => photo().jpeg({ progressive: true }).toBuffer()],
  ['PNG', 'png', () => photo().png().toBuffer()],
  ['GIF', 'gif', () => photo().gif().toBuffer()],
  ['GIF of two frames', 'gif', twoFrames],
]

describe.each(CASES)('%s', (_, format, make) => {
  test('is whole as it was written, also with something behind it', async () => {
    const whole = await make()
    expect(isTruncated(whole, format)).toBe(false)
    expect(isTruncated(Buffer.concat([whole, Buffer.alloc(5000)]), format)).toBe(false)
  })

  test.each([0.1, 0.5, 0.9, 0.99])('is known to be cut to %d of its bytes', async (share) => {
    const whole = await make()
    expect(isTruncated(whole.subarray(0, Math.floor(whole.length * share)), format)).toBe(true)
  })
})

test.each(['flower.jpg', 'flower-progressive.jpg', 'rocket.jpg', 'hubble_deep_field.jpg', 'flower-small-cmyk.jpg'])(
  '%s is whole, and not without its end',
  (name) => {
    const bytes = sample(name)
    expect(isTruncated(bytes, 'jpeg')).toBe(false)
    expect(isTruncated(bytes.subarray(0, -3000), 'jpeg')).toBe(true)
  },
)

test('the end of a preview in the EXIF block is not the end of a JPEG', async () => {
  const preview = await photo().resize(16).jpeg().toBuffer()
  const whole = await photo()
    .withExif({ IFD0: { Copyright: 'x' } })
    .jpeg()
    .toBuffer()
  const segment = Buffer.concat([
    Buffer.from([0xff, 0xe2, (preview.length + 2) >> 8, (preview.length + 2) & 255]),
    preview,
  ])
  const carrying = Buffer.concat([whole.subarray(0, 2), segment, whole.subarray(2)])
  expect(isTruncated(carrying, 'jpeg')).toBe(false)
  expect(isTruncated(carrying.subarray(0, -200), 'jpeg')).toBe(true)
})

test('a GIF without its last byte, as many programs write it, is whole', async () => {
  const whole = await photo().gif().toBuffer()
  expect(whole.at(-1)).toBe(0x3b)
  expect(isTruncated(whole.subarray(0, -1), 'gif')).toBe(false)
})

test('a TIFF whose directory comes first and whose pixels end early is known', () => {
  const header = Buffer.from('II*\0\x08\0\0\0\x02\0', 'latin1')
  const entry = (tag: number, value: number) => {
    const bytes = Buffer.alloc(12)
    bytes.writeUInt16LE(tag, 0)
    bytes.writeUInt16LE(4, 2)
    bytes.writeUInt32LE(1, 4)
    bytes.writeUInt32LE(value, 8)
    return bytes
  }
  const tiff = Buffer.concat([header, entry(273, 38), entry(279, 100), Buffer.alloc(4), Buffer.alloc(100)])
  expect(isTruncated(tiff, 'tiff')).toBe(false)
  expect(isTruncated(tiff.subarray(0, -1), 'tiff')).toBe(true)
})

test('noise of any kind is answered at once', () => {
  let seed = 1
  const noise = Buffer.alloc(20_000)
  for (let i = 0; i < noise.length; i++) {
    seed = (seed * 48_271) % 2_147_483_647
    noise[i] = seed & 255
  }
  const started = performance.now()
  for (const format of ['jpeg', 'png', 'gif', 'tiff', 'webp', 'avif', 'svg'] as const) {
    for (let from = 0; from < 500; from++) isTruncated(noise.subarray(from), format)
  }
  expect(performance.now() - started).toBeLessThan(5000)
})

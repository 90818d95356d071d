import sharp from 'sharp'
import { expect, test } from 'vitest'
import { type Pixels, pixels, sample } from './pictures.ts'
import { ssim } from './ssim.ts'

const photo = await pixels(await sharp(sample('chelsea.png')).resize(120, 80).png().toBuffer())
const changed = (change: (value: number, i: number) => number): Pixels => ({
  ...photo,
  data: Buffer.from(photo.data.map((value, i) => Math.min(Math.max(change(value, i), 0), 255))),
})

test('a picture is like itself', () => {
  expect(ssim(photo, photo)).toBe(1)
})

test('rounding is not seen; noise, blur and a shift of two pixels are', async () => {
  expect(
    ssim(
      photo,
      changed((value, i) => value + (i % 2)),
    ),
  ).toBeGreaterThan(0.995)
  expect(
    ssim(
      photo,
      changed((value, i) => value + (((i * 2654435761) >>> 24) % 81) - 40),
    ),
  ).toBeLessThan(0.9)
  expect(
    ssim(photo, { ...photo, data: Buffer.from([...photo.data.subarray(6), ...photo.data.subarray(-6)]) }),
  ).toBeLessThan(0.9)
  const blurred = await sharp(photo.data, { raw: { width: photo.width, height: photo.height, channels: 3 } })
    .blur(2)
    .raw()
    .toBuffer()
  expect(ssim(photo, { ...photo, data: blurred })).toBeLessThan(0.9)
})

test('one channel that differs is enough, and so is another shape', () => {
  expect(
    ssim(
      photo,
      changed((value, i) => (i % 3 === 1 ? 255 - value : value)),
    ),
  ).toBeLessThan(0.5)
  expect(ssim(photo, { ...photo, width: photo.height, height: photo.width })).toBe(0)
})

test('two flat pictures differ by their brightness alone, by the formula', () => {
  const flat = (value: number): Pixels => ({ data: Buffer.alloc(400, value), width: 20, height: 20, channels: 1 })
  const c1 = (0.01 * 255) ** 2
  expect(ssim(flat(100), flat(140))).toBeCloseTo((2 * 100 * 140 + c1) / (100 ** 2 + 140 ** 2 + c1), 9)
})

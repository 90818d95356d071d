import sharp from 'sharp'
import { expect, test } from 'vitest'
import { sample } from '../../test/images/pictures.ts'
import { jpegQuality } from './jpeg-quality.ts'

const photo = sharp(sample('coffee.png')).resize(60, 40).removeAlpha()

test.each([1, 10, 25, 49, 50, 51, 75, 80, 90, 95, 99, 100])('a JPEG of quality %i says so', async (quality) => {
  expect(jpegQuality(await photo.clone().jpeg({ quality }).toBuffer())).toBe(quality)
  expect(jpegQuality(await photo.clone().jpeg({ quality, progressive: true }).toBuffer())).toBe(quality)
})

test('other tables are taken for the nearest quality', async () => {
  const of = async (quality: number) =>
    jpegQuality(await photo.clone().jpeg({ quality, quantisationTable: 3 }).toBuffer())
  const [low = 0, middle = 0, high = 0] = [await of(30), await of(60), await of(90)]
  expect(low).toBeLessThan(middle)
  expect(middle).toBeLessThan(high)
})

test('tables of 16 bit are read too', async () => {
  const bytes = await photo.clone().jpeg({ quality: 50 }).toBuffer()
  const at = bytes.indexOf(Buffer.from([0xff, 0xdb]))
  const table = bytes.subarray(at + 5, at + 69)
  const wide = Buffer.concat([
    Buffer.from([0xff, 0xdb, 0, 131, 0x10]),
    Buffer.from([...table].flatMap((value) => [0, value])),
  ])
  expect(jpegQuality(Buffer.concat([bytes.subarray(0, 2), wide, bytes.subarray(2)]))).toBe(50)
})

test('without a table there is no quality', () => {
  for (const bytes of [
    Buffer.from([0xff, 0xd8]),
    Buffer.from([0xff, 0xd8, 0xff, 0xdb, 0, 67, 0, 1, 2]),
    Buffer.alloc(0),
  ]) {
    expect(jpegQuality(bytes)).toBeUndefined()
  }
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RawImage } from '../image.ts'
import { roundCorners } from './round-corner.ts'
import { sharpened } from './sharpen.ts'
import { weighted } from './weighted-tiles.ts'

/** A picture of reproducible noise. */
function noise(width: number, height: number, channels: 3 | 4): RawImage {
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 2654435761) >>> 24)
  return { data, width, height, channels }
}

/** The definition, pixel by pixel. */
function slowConvolution({ data, width, height, channels }: RawImage, weights: readonly number[], columns: number) {
  const rows = weights.length / columns
  const clamp = (value: number, length: number) => Math.min(Math.max(value, 0), length - 1)
  return data.map((_, i) => {
    const [channel, x, y] = [i % channels, Math.floor(i / channels) % width, Math.floor(i / channels / width)]
    let sum = 0
    for (const [tap, weight] of weights.entries()) {
      const column = clamp(x + (tap % columns) - (columns - 1) / 2, width)
      const row = clamp(y + Math.floor(tap / columns) - (rows - 1) / 2, height)
      sum += weight * (data[(row * width + column) * channels + channel] as number)
    }
    return Math.min(Math.max(Math.trunc(sum), 0), 255)
  })
}

test('convolution is its definition, also where the matrix is larger than the picture', async () => {
  const odd = fc.integer({ min: 0, max: 4 }).map((half) => 2 * half + 1)
  const side = fc.integer({ min: 1, max: 7 })
  await fc.assert(
    fc.asyncProperty(side, side, fc.constantFrom(3 as const, 4 as const), odd, odd, async (w, h, channels, c, r) => {
      const image = noise(w, h, channels)
      const weights = Array.from({ length: c * r }, (_, i) => ((i * 7) % 11) - 4)
      const { data } = await weighted(image, { weights, columns: c })
      expect([...data]).toEqual([...slowConvolution(image, weights, c)])
    }),
    { numRuns: 60 },
  )
})

test.each([
  ['wider than a tile', 700, 4, 3, 5, 3],
  ['higher than a tile', 12, 70, 4, 31, 31],
  ['of one column below a high matrix', 1, 40, 3, 1, 101],
  ['of one row beside a wide matrix', 400, 1, 4, 101, 1],
] as const)('convolution is its definition for a picture %s', async (_, width, height, channels, columns, rows) => {
  const image = noise(width, height, channels)
  const weights = Array.from({ length: columns * rows }, (__, i) => ((i * 7) % 11) - 4)
  const { data } = await weighted(image, { weights, columns })
  expect(Buffer.compare(data, slowConvolution(image, weights, columns))).toBe(0)
})

test('fractions are added in the order of the matrix, which decides the last bit', async () => {
  const image = noise(97, 31, 3)
  const weights = Array.from({ length: 49 }, (_, i) => Math.sin(i + 1) / 3)
  const { data } = await weighted(image, { weights, columns: 7 })
  expect(Buffer.compare(data, slowConvolution(image, weights, 7))).toBe(0)
})

test('what passes any number is brought into a byte', async () => {
  const image = noise(40, 3, 3)
  for (const [weight, value] of [
    [1e15, 255],
    [-1e15, 0],
  ] as const) {
    const { data } = await weighted({ ...image, data: image.data.fill(9) }, { weights: [weight], columns: 1 })
    expect(new Set(data)).toEqual(new Set([value]))
  }
})

test('two pictures at once do not disturb each other', async () => {
  const weights = Array.from({ length: 301 }, (_, i) => (i % 3) / 301)
  const [one, other] = [noise(300, 90, 3), noise(200, 150, 4)]
  const alone = [await weighted(one, { weights, columns: 301 }), await weighted(other, { weights, columns: 1 })]
  const together = await Promise.all([
    weighted(one, { weights, columns: 301 }),
    weighted(other, { weights, columns: 1 }),
  ])
  expect(together.map(({ data }, i) => Buffer.compare(data, alone[i]?.data ?? new Uint8Array()))).toEqual([0, 0])
})

describe('sharpen', () => {
  const plain = { radius: 1, luminance: false } as const

  test('leaves a picture at amount 0, and alpha always', async () => {
    for (const [width, height] of [
      [1, 1],
      [1, 40],
      [16, 2],
      [33, 70],
    ] as const) {
      const image = noise(width, height, 4)
      expect([...(await sharpened(image, { ...plain, amount: 0 })).data]).toEqual([...image.data])
      const { data } = await sharpened(image, { amount: 3, radius: 2, luminance: true })
      for (let i = 3; i < data.length; i += 4) expect(data[i]).toBe(image.data[i])
    }
  })

  test('is the same in strips as in one piece', async () => {
    const image = noise(20, 200, 3)
    const settings = { ...plain, amount: 4, radius: 3 }
    const [inStrips, whole] = await Promise.all([sharpened(image, settings, 1), sharpened(image, settings)])
    expect(Buffer.compare(inStrips.data, whole.data)).toBe(0)
  })
})

describe('round_corner', () => {
  test.each([
    [1, 1],
    [1, 9],
    [9, 1],
    [2, 2],
    [3, 2],
    [7, 5],
  ])('cuts no more than the corners of %i × %i px, whatever the radius', (width, height) => {
    for (const radius of [0, 1, 2, 3, 50, 1e9]) {
      const image = noise(width, height, 4)
      const before = Uint8Array.from(image.data)
      roundCorners(image, { radiusX: radius, radiusY: radius, colour: [1, 2, 3], transparent: true })
      if (radius === 0 || width === 1 || height === 1) expect([...image.data]).toEqual([...before])
      expect(image.data.length).toBe(before.length)
    }
  })

  test('leaves the middle and cuts the corner away', () => {
    const image = noise(40, 30, 4)
    const before = Uint8Array.from(image.data)
    roundCorners(image, { radiusX: 10, radiusY: 10, colour: [255, 0, 0], transparent: true })
    expect([...image.data.subarray(0, 4)]).toEqual([255, 0, 0, 0])
    const middle = (15 * 40 + 20) * 4
    expect([...image.data.subarray(middle, middle + 4)]).toEqual([...before.subarray(middle, middle + 4)])
  })
})

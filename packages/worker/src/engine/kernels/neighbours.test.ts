import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RawImage } from '../image.ts'
import { convolved } from './convolution.ts'
import { roundCorners } from './round-corner.ts'
import { sharpened } from './sharpen.ts'

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
      const { data } = await convolved(image, { weights, columns: c })
      expect([...data]).toEqual([...slowConvolution(image, weights, c)])
    }),
    { numRuns: 60 },
  )
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
    // Wide enough for strips of the least height; the same noise in a column of it fits one strip.
    const [width, height] = [2 ** 15, 150]
    const column = noise(1, height, 3)
    const wide = new Uint8Array(width * height * 3)
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) wide.set(column.data.subarray(y * 3, y * 3 + 3), (y * width + x) * 3)
    }
    const [inStrips, whole] = await Promise.all([
      sharpened({ data: wide, width, height, channels: 3 }, { ...plain, amount: 4, radius: 3 }),
      sharpened(column, { ...plain, amount: 4, radius: 3 }),
    ])
    for (const x of [0, 777, width - 1]) {
      const found = Array.from({ length: height }, (_, y) => [
        ...inStrips.data.subarray((y * width + x) * 3).subarray(0, 3),
      ])
      expect(found.flat()).toEqual([...whole.data])
    }
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

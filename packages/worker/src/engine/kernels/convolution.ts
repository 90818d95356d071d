import type { RawImage } from '../image.ts'
import { inSlices } from '../slices.ts'
import { pad, weigh } from './weighted-rows.ts'

/** A rectangle of weights, odd × odd, row by row. */
export interface Matrix {
  readonly weights: readonly number[]
  readonly columns: number
}

/** The weights divided by their sum, unless that is 0. */
export function normalised({ weights, columns }: Matrix): Matrix {
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return sum === 0 ? { weights, columns } : { weights: weights.map((weight) => weight / sum), columns }
}

/**
 * Weighs the neighbours of every byte by a matrix around it; every channel alike, alpha included and not premultiplied;
 * edges repeat; fractions are dropped (`thumbor/ext/filters/_convolution.c`).
 */
export async function convolved(image: RawImage, { weights, columns }: Matrix): Promise<RawImage> {
  const { data, width, height, channels } = image
  const rows = weights.length / columns
  const [across, down] = [(columns - 1) / 2, (rows - 1) / 2]
  const stride = width * channels
  const paddedStride = stride + 2 * across * channels
  // The rows under the matrix, each padded, in a ring: the row y lies at y modulo their number.
  const ring = new Uint8Array(rows * paddedStride)
  const take = (y: number) => {
    const at = (y % rows) * paddedStride
    pad(ring.subarray(at, at + paddedStride), data.subarray(y * stride, (y + 1) * stride), channels, across)
  }
  for (let y = 0; y < Math.min(down, height); y++) take(y)
  const starts = new Int32Array(weights.length)
  const factors = Float64Array.from(weights)
  const sums = new Float64Array(stride)
  // Brings what is stored into a byte, faster than a call for each; it rounds, hence the trunc().
  const out = new Uint8ClampedArray(data.length)
  await inSlices(height, stride * weights.length, (from, to) => {
    for (let y = from; y < to; y++) {
      if (y + down < height) take(y + down)
      for (let tap = 0; tap < starts.length; tap++) {
        const row = Math.min(Math.max(y + Math.floor(tap / columns) - down, 0), height - 1)
        starts[tap] = (row % rows) * paddedStride + (tap % columns) * channels
      }
      weigh(sums, ring, starts, factors)
      for (let i = 0; i < stride; i++) out[y * stride + i] = Math.trunc(sums[i] as number)
    }
  })
  return { ...image, data: new Uint8Array(out.buffer) }
}

import type { RawImage } from '../image.ts'
import { inSlices } from '../slices.ts'
import { powerOfE } from './power-of-e.ts'
import { pad, weigh } from './weighted-rows.ts'

/** Largest radius; greater ones are taken as this, as in `thumbor/filters/blur.py`. */
export const MAX_RADIUS = 150

/**
 * Gaussian weights for 2 × radius + 1 neighbours (`thumbor/filters/blur.py`, generate_1d_matrix); their sum is not
 * quite 1. A sigma of 0 is the radius as written, before it is capped; one too small to be squared leaves the middle.
 */
export function gaussian(radius: number, sigma: number): Float64Array {
  const spread = sigma === 0 ? radius : sigma
  const reach = Math.min(radius, MAX_RADIUS)
  const twoSigmaSquared = 2 * spread * spread
  return Float64Array.from({ length: 2 * reach + 1 }, (_, i) => {
    const x = i - reach
    if (twoSigmaSquared === 0) return x === 0 ? 1 : 0
    return powerOfE((x * x) / twoSigmaSquared) / Math.sqrt(twoSigmaSquared * Math.PI)
  })
}

/**
 * Gaussian blur, first along rows, then along columns; every channel alike, alpha included and not premultiplied;
 * edges repeat; fractions are dropped after each pass (`thumbor/ext/filters/_convolution.c`).
 */
export async function gaussianBlur(image: RawImage, radius: number, sigma: number): Promise<RawImage> {
  const raw = gaussian(radius, sigma)
  const total = raw.reduce((sum, weight) => sum + weight, 0)
  const weights = raw.map((weight) => weight / total)
  return alongColumns(await alongRows(image, weights), weights)
}

async function alongRows(image: RawImage, weights: Float64Array): Promise<RawImage> {
  const { data, width, height, channels } = image
  const stride = width * channels
  const reach = (weights.length - 1) / 2
  // The row with its edges repeated, so that the inner loop has no conditions.
  const padded = new Uint8Array(stride + 2 * reach * channels)
  const starts = Int32Array.from(weights, (_, tap) => tap * channels)
  const sums = new Float64Array(stride)
  const out = new Uint8Array(data.length)
  await inSlices(height, stride * weights.length, (from, to) => {
    for (let y = from; y < to; y++) {
      pad(padded, data.subarray(y * stride, (y + 1) * stride), channels, reach)
      weigh(sums, padded, starts, weights)
      store(out, y * stride, sums)
    }
  })
  return { ...image, data: out }
}

async function alongColumns(image: RawImage, weights: Float64Array): Promise<RawImage> {
  const { data, width, height, channels } = image
  const stride = width * channels
  const reach = (weights.length - 1) / 2
  const starts = new Int32Array(weights.length)
  const sums = new Float64Array(stride)
  const out = new Uint8Array(data.length)
  await inSlices(height, stride * weights.length, (from, to) => {
    for (let y = from; y < to; y++) {
      for (let tap = 0; tap < starts.length; tap++) {
        starts[tap] = Math.min(Math.max(y + tap - reach, 0), height - 1) * stride
      }
      weigh(sums, data, starts, weights)
      store(out, y * stride, sums)
    }
  })
  return { ...image, data: out }
}

function store(out: Uint8Array, start: number, sums: Float64Array): void {
  for (let i = 0; i < sums.length; i++) {
    // Assigning to a byte drops the fraction but wraps around.
    out[start + i] = Math.min(sums[i] as number, 255)
  }
}

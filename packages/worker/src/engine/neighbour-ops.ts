import type { Size } from './geometry/box.ts'
import { gaussianBlur, MAX_RADIUS } from './kernels/blur.ts'
import { type Sharpening, sharpened } from './kernels/sharpen.ts'
import { type Matrix, weighted } from './kernels/weighted-tiles.ts'
import type { RawStep } from './ops.ts'

const CHANNELS = 4

/** What a blur costs, as the work of a step. */
export function blurWork({ width, height }: Size, radius: number): number {
  return width * height * CHANNELS * 2 * (2 * Math.min(radius, MAX_RADIUS) + 1)
}

/** Gaussian blur; the radius is cut to 150 px, a sigma of 0 is the radius. */
export function blurred(size: Size, radius: number, sigma: number): RawStep {
  const run: RawStep['run'] = (image) => gaussianBlur(image, radius, sigma)
  return { kind: 'raw', op: 'blur', params: { radius, sigma }, size, work: blurWork(size, radius), run }
}

/** Weighs the neighbours of each pixel by a matrix. */
export function convolve(size: Size, matrix: Matrix): RawStep {
  const { columns, weights } = matrix
  const work = size.width * size.height * CHANNELS * weights.length
  const params = { columns, rows: weights.length / columns }
  return { kind: 'raw', op: 'convolution', params, size, work, run: (image) => weighted(image, matrix) }
}

// Two passes of three multiplications and the sum, at five levels of three channels.
const SHARPEN_WORK = (2 * 3 + 2) * 5 * 3

/** Makes details stronger or weaker. */
export function sharpen(size: Size, { amount, radius, luminance }: Sharpening): RawStep {
  const run: RawStep['run'] = (image) => sharpened(image, { amount, radius, luminance })
  const work = size.width * size.height * SHARPEN_WORK
  return { kind: 'raw', op: 'sharpen', params: { amount, radius, luminance }, size, work, run }
}

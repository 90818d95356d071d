import type { Size } from '../geometry/box.ts'
import type { RawImage } from '../image.ts'
import { inSlices } from '../slices.ts'

const LOBES = 3
// Behind the last pixel of a row, where four values are read and written at a time.
const SPARE = 3

/** For each px of a side: the first px of the source it is mixed of, and the weights of that and those behind it. */
interface Mixes {
  readonly taps: number
  readonly starts: Int32Array
  readonly weights: Float32Array
}

/**
 * Scaled to exactly this size by Lanczos3, as Pillow does it: pixels are areas, so that the picture stays where it is;
 * drawn out where a side shrinks; edges cut the kernel; colours weigh by their opacity. libvips only shrinks like this:
 * what it enlarges is bicubic and half a pixel of the result too far to the right and down.
 */
export async function lanczosScaled(image: RawImage, { width, height }: Size): Promise<RawImage> {
  const { channels } = image
  const [across, down] = [mixesOf(image.width, width), mixesOf(image.height, height)]
  const stride = width * channels
  const rows = Array.from({ length: down.taps }, () => new Float32Array(stride + SPARE))
  const line = new Float32Array(image.width * channels + SPARE)
  const sums = new Float32Array(stride)
  // Brings what is stored into a byte and rounds.
  const out = new Uint8ClampedArray(stride * height)
  let taken = 0
  await inSlices(height, stride * (across.taps + down.taps), (from, to) => {
    for (let y = from; y < to; y++) {
      const start = down.starts[y] as number
      // Rows come one after another, so that the last few are all that is kept.
      for (; taken < Math.min(start + down.taps, image.height); taken++) {
        premultiply(line, image, taken)
        mixAlong(rows[taken % down.taps] as Float32Array, line, across, channels)
      }
      sums.fill(0)
      for (let tap = 0; tap < down.taps && start + tap < image.height; tap++) {
        add(sums, rows[(start + tap) % down.taps] as Float32Array, down.weights[y * down.taps + tap] as number)
      }
      store(out, y * stride, sums, channels)
    }
  })
  return { data: new Uint8Array(out.buffer), width, height, channels }
}

function mixesOf(length: number, target: number): Mixes {
  const scale = length / target
  const wide = Math.max(1, scale)
  const taps = Math.min(length, Math.ceil(2 * LOBES * wide) + 1)
  const mixes = { taps, starts: new Int32Array(target), weights: new Float32Array(target * taps) }
  for (let at = 0; at < target; at++) {
    const middle = (at + 0.5) * scale - 0.5
    const start = Math.max(0, Math.min(Math.ceil(middle - LOBES * wide), length - taps))
    const weights = Array.from({ length: taps }, (_, tap) => lanczos((start + tap - middle) / wide))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    mixes.starts[at] = start
    mixes.weights.set(
      weights.map((weight) => weight / total),
      at * taps,
    )
  }
  return mixes
}

function lanczos(x: number): number {
  if (x === 0) return 1
  const t = Math.PI * x
  return Math.abs(x) < LOBES ? (LOBES * Math.sin(t) * Math.sin(t / LOBES)) / (t * t) : 0
}

/** Reads a row; colours times their opacity, so that hidden ones do not show at edges. */
function premultiply(line: Float32Array, { data, width, channels }: RawImage, y: number): void {
  const row = data.subarray(y * width * channels, (y + 1) * width * channels)
  for (let i = 0; i < row.length; i++) line[i] = row[i] as number
  if (channels % 2 === 1) return
  for (let i = 0; i < row.length; i += channels) {
    const opacity = (row[i + channels - 1] as number) / 255
    for (let c = 0; c < channels - 1; c++) line[i + c] = (row[i + c] as number) * opacity
  }
}

/** Four values at a time, whatever the number of channels: the next pixel overwrites what was too many. */
function mixAlong(out: Float32Array, line: Float32Array, { taps, starts, weights }: Mixes, channels: number): void {
  for (let x = 0; x < starts.length; x++) {
    let at = (starts[x] as number) * channels
    let [a, b, c, d] = [0, 0, 0, 0]
    for (let tap = x * taps; tap < (x + 1) * taps; tap++, at += channels) {
      const weight = weights[tap] as number
      a += weight * (line[at] as number)
      b += weight * (line[at + 1] as number)
      c += weight * (line[at + 2] as number)
      d += weight * (line[at + 3] as number)
    }
    const to = x * channels
    out[to] = a
    out[to + 1] = b
    out[to + 2] = c
    out[to + 3] = d
  }
}

function add(sums: Float32Array, row: Float32Array, weight: number): void {
  if (weight === 0) return
  for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + weight * (row[i] as number)
}

function store(out: Uint8ClampedArray, start: number, sums: Float32Array, channels: number): void {
  if (channels % 2 === 1) {
    for (let i = 0; i < sums.length; i++) out[start + i] = sums[i] as number
    return
  }
  for (let i = 0; i < sums.length; i += channels) {
    const alpha = sums[i + channels - 1] as number
    const share = alpha > 0 ? 255 / alpha : 0
    for (let c = 0; c < channels - 1; c++) out[start + i + c] = (sums[i + c] as number) * share
    out[start + i + channels - 1] = alpha
  }
}

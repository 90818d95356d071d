import type { Pixels } from './pictures.ts'

// Wang, Bovik, Sheikh and Simoncelli 2004: Gaussian windows of 11 × 11 with a sigma of 1.5, K1 = 0.01, K2 = 0.03.
const REACH = 5
const SIGMA = 1.5
const C1 = (0.01 * 255) ** 2
const C2 = (0.03 * 255) ** 2

const WEIGHTS = Array.from({ length: 2 * REACH + 1 }, (_, i) => Math.exp(-((i - REACH) ** 2) / (2 * SIGMA * SIGMA)))
const TOTAL = WEIGHTS.reduce((sum, weight) => sum + weight, 0)

/** Weighted means around each pixel, along rows and then along columns; windows do not reach beyond the edges. */
function means(values: Float64Array, width: number, height: number): Float64Array {
  const pass = (from: Float64Array, columns: number, rows: number) => {
    const out = new Float64Array(columns * rows)
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        let sum = 0
        for (let i = -REACH; i <= REACH; i++) {
          const at = Math.min(Math.max(x + i, 0), columns - 1)
          sum += (WEIGHTS[i + REACH] as number) * (from[y * columns + at] as number)
        }
        // Turned, so that the second pass goes along columns and turns it back.
        out[x * rows + y] = sum / TOTAL
      }
    }
    return out
  }
  return pass(pass(values, width, height), height, width)
}

function channelOf({ data, channels }: Pixels, channel: number): Float64Array {
  return Float64Array.from({ length: data.length / channels }, (_, i) => data[i * channels + channel] as number)
}

function ssimOf(a: Float64Array, b: Float64Array, width: number, height: number): number {
  const mean = (f: (i: number) => number) =>
    means(
      a.map((_, i) => f(i)),
      width,
      height,
    )
  const at = (values: Float64Array, i: number) => values[i] as number
  const [ma, mb] = [mean((i) => at(a, i)), mean((i) => at(b, i))]
  const [aa, bb, ab] = [mean((i) => at(a, i) ** 2), mean((i) => at(b, i) ** 2), mean((i) => at(a, i) * at(b, i))]
  let sum = 0
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [at(ma, i), at(mb, i)]
    const [vx, vy, covariance] = [at(aa, i) - x * x, at(bb, i) - y * y, at(ab, i) - x * y]
    sum += ((2 * x * y + C1) * (2 * covariance + C2)) / ((x * x + y * y + C1) * (vx + vy + C2))
  }
  return sum / a.length
}

/** Structural similarity of two pictures: 1 when they are the same; of the least similar channel, alpha included. */
export function ssim(a: Pixels, b: Pixels): number {
  if (a.width !== b.width || a.height !== b.height || a.channels !== b.channels) return 0
  return Math.min(
    ...Array.from({ length: a.channels }, (_, c) => ssimOf(channelOf(a, c), channelOf(b, c), a.width, a.height)),
  )
}

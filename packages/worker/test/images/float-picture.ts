import type { Pixels } from './pictures.ts'

/** RGBA, 0 to 255 in doubles, not premultiplied: what the references are worked out in. */
export interface FloatPicture {
  readonly width: number
  readonly height: number
  readonly at: (x: number, y: number) => readonly [number, number, number, number]
}

type Rgba = readonly [number, number, number, number]

/** A picture worked out once, of a function of its pixels. */
export function pictureOf(width: number, height: number, at: (x: number, y: number) => Rgba): FloatPicture {
  const pixels = Array.from({ length: width * height }, (_, i) => at(i % width, Math.floor(i / width)))
  return { width, height, at: (x, y) => pixels[y * width + x] as Rgba }
}

export function fromPixels({ data, width, height, channels }: Pixels): FloatPicture {
  const value = (x: number, y: number, c: number) => data[(y * width + x) * channels + c] as number
  const colour = (x: number, y: number, c: number) => value(x, y, channels < 3 ? 0 : c)
  const alpha = (x: number, y: number) => (channels % 2 === 0 ? value(x, y, channels - 1) : 255)
  return pictureOf(width, height, (x, y) => [colour(x, y, 0), colour(x, y, 1), colour(x, y, 2), alpha(x, y)])
}

/** Rounded to bytes, with as many channels as the picture it is compared with: without alpha, or gray. */
export function toPixels({ width, height, at }: FloatPicture, channels: number): Pixels {
  const data = Buffer.alloc(width * height * channels)
  for (let i = 0; i < width * height; i++) {
    const pixel = at(i % width, Math.floor(i / width))
    for (let c = 0; c < channels; c++) {
      const isAlpha = channels % 2 === 0 && c === channels - 1
      data[i * channels + c] = Math.min(Math.max(Math.round(pixel[isAlpha ? 3 : c] as number), 0), 255)
    }
  }
  return { data, width, height, channels }
}

const LOBES = 3

function lanczos(x: number): number {
  if (x === 0) return 1
  const t = Math.PI * x
  return Math.abs(x) < LOBES ? (LOBES * Math.sin(t) * Math.sin(t / LOBES)) / (t * t) : 0
}

/** Scaled by Lanczos3, drawn out where it shrinks, colours weighed by their opacity, edges repeated. */
export function resized(picture: FloatPicture, width: number, height: number): FloatPicture {
  const across = turned(scaledRows(picture, width))
  return turned(scaledRows(across, height))
}

function turned({ width, height, at }: FloatPicture): FloatPicture {
  return { width: height, height: width, at: (x, y) => at(y, x) }
}

function scaledRows({ width, height, at }: FloatPicture, target: number): FloatPicture {
  const scale = width / target
  const wide = Math.max(1, scale)
  return pictureOf(target, height, (x, y) => {
    const middle = (x + 0.5) * scale - 0.5
    const sums = [0, 0, 0, 0] as [number, number, number, number]
    let total = 0
    for (let from = Math.ceil(middle - LOBES * wide); from <= middle + LOBES * wide; from++) {
      const weight = lanczos((from - middle) / wide)
      const [r, g, b, a] = at(Math.min(Math.max(from, 0), width - 1), y)
      total += weight
      for (const [c, value] of [(r * a) / 255, (g * a) / 255, (b * a) / 255, a].entries())
        sums[c as 0] += weight * value
    }
    const alpha = sums[3] / total
    const colour = (c: 0 | 1 | 2) => (alpha <= 0 ? 0 : ((sums[c] / total) * 255) / alpha)
    return [colour(0), colour(1), colour(2), alpha]
  })
}

/** `top` over `bottom` with its corner at left, top (Porter and Duff, source over). */
export function over(bottom: FloatPicture, top: FloatPicture, left: number, topAt: number): FloatPicture {
  return pictureOf(bottom.width, bottom.height, (x, y) => {
    const below = bottom.at(x, y)
    const [px, py] = [x - left, y - topAt]
    if (px < 0 || py < 0 || px >= top.width || py >= top.height) return below
    const above = top.at(px, py)
    const [a, b] = [above[3] / 255, below[3] / 255]
    const alpha = a + b * (1 - a)
    const colour = (c: 0 | 1 | 2) => (alpha === 0 ? 0 : (above[c] * a + below[c] * b * (1 - a)) / alpha)
    return [colour(0), colour(1), colour(2), alpha * 255]
  })
}

/** Blurred by a Gaussian cut off at `radius`, each channel by itself, edges repeated. */
export function gaussed(picture: FloatPicture, radius: number, sigma: number): FloatPicture {
  const rows = (from: FloatPicture) =>
    pictureOf(from.width, from.height, (x, y) => {
      const sums: [number, number, number, number] = [0, 0, 0, 0]
      let total = 0
      for (let i = -radius; i <= radius; i++) {
        const weight = Math.exp(-(i * i) / (2 * sigma * sigma))
        total += weight
        for (const [c, value] of from.at(Math.min(Math.max(x + i, 0), from.width - 1), y).entries())
          sums[c as 0] += weight * value
      }
      return [sums[0] / total, sums[1] / total, sums[2] / total, sums[3] / total]
    })
  return turned(rows(turned(rows(picture))))
}

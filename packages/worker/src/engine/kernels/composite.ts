import type { RawImage } from '../image.ts'
import { inSlices } from '../slices.ts'
import { clampByte } from './table.ts'

/** RGBA, 0 to 255 each. */
export type Rgba = readonly [number, number, number, number]

/** The picture with an alpha channel; opaque where it had none. */
export function withAlpha(image: RawImage): RawImage {
  if (image.channels === 4) return image
  const { data, width, height, channels } = image
  const out = new Uint8Array(width * height * 4)
  const colours = channels >= 3
  for (let from = 0, to = 0; to < out.length; from += channels, to += 4) {
    out[to] = data[from] as number
    out[to + 1] = data[colours ? from + 1 : from] as number
    out[to + 2] = data[colours ? from + 2 : from] as number
    out[to + 3] = channels === 2 ? (data[from + 1] as number) : 255
  }
  return { data: out, width, height, channels: 4 }
}

/** A picture of one colour. */
export function canvas(width: number, height: number, colour: Rgba): RawImage {
  const pixels = new Uint32Array(width * height)
  // A pixel is written as one number whose bytes, in memory order, are the channels.
  pixels.fill(new Uint32Array(Uint8Array.from(colour).buffer)[0] as number)
  return { data: new Uint8Array(pixels.buffer), width, height, channels: 4 }
}

/**
 * Draws `top` on `bottom` (both RGBA) with its corner at left, top; what lies outside is cut off. `replace` copies
 * colour and alpha; `merge` blends unpremultiplied 8-bit values, dropping fractions
 * (`thumbor/ext/filters/_composite.c`). Changes `bottom`.
 */
export async function paste(
  bottom: RawImage,
  top: RawImage,
  at: { readonly left: number; readonly top: number },
  mode: 'merge' | 'replace',
): Promise<void> {
  const x0 = Math.max(0, at.left)
  const x1 = Math.min(bottom.width, at.left + top.width)
  const y0 = Math.max(0, at.top)
  const y1 = Math.min(bottom.height, at.top + top.height)
  if (x1 <= x0 || y1 <= y0) return
  const below = bottom.data
  await inSlices(y1 - y0, (x1 - x0) * 4, (from, to) => {
    for (let y = y0 + from; y < y0 + to; y++) {
      const start = ((y - at.top) * top.width + (x0 - at.left)) * 4
      const row = top.data.subarray(start, start + (x1 - x0) * 4)
      const target = (y * bottom.width + x0) * 4
      if (mode === 'replace') below.set(row, target)
      else mergeRow(below, target, row)
    }
  })
}

const { fround } = Math

/** Opacity of a byte of alpha, and what it lets through, in single precision. */
const OPACITY = Float32Array.from({ length: 256 }, (_, alpha) => alpha / 255)
const REST = OPACITY.map((opacity) => 1 - opacity)

/**
 * In single precision throughout: with doubles some bytes come out one lower than thumbor's. Where the pixel below or
 * above is opaque the arithmetic of `mergePixel` comes to less. Storing a mean of two bytes drops its fraction.
 */
function mergeRow(below: Uint8Array, start: number, above: Uint8Array): void {
  for (let i = 0, at = start; i < above.length; i += 4, at += 4) {
    const alpha = above[i + 3] as number
    if (alpha === 255) {
      below[at] = above[i] as number
      below[at + 1] = above[i + 1] as number
      below[at + 2] = above[i + 2] as number
      below[at + 3] = 255
    } else if (below[at + 3] !== 255) {
      mergePixel(below, at, above, i)
    } else if (alpha > 0) {
      const opacity = OPACITY[alpha] as number
      const rest = REST[alpha] as number
      below[at] = fround(fround(opacity * (above[i] as number)) + fround(rest * (below[at] as number)))
      below[at + 1] = fround(fround(opacity * (above[i + 1] as number)) + fround(rest * (below[at + 1] as number)))
      below[at + 2] = fround(fround(opacity * (above[i + 2] as number)) + fround(rest * (below[at + 2] as number)))
    }
  }
}

function mergePixel(below: Uint8Array, at: number, above: Uint8Array, i: number): void {
  const a2 = OPACITY[above[i + 3] as number] as number
  const a1 = OPACITY[below[at + 3] as number] as number
  const rest = fround(1 - a2)
  const alpha = fround(1 - fround(fround(1 - a1) * rest))
  for (let c = 0; c < 3; c++) {
    const over = fround(a2 * (above[i + c] as number))
    const under = fround(fround(a1 * (below[at + c] as number)) * rest)
    below[at + c] = alpha > 0 ? fround(fround(over + under) / alpha) : 0
  }
  below[at + 3] = fround(alpha * 255)
}

/** Makes an RGBA picture more transparent: 0 leaves it, 100 hides it (`thumbor/ext/filters/_alpha.c`). */
export function faded(image: RawImage, percent: number): RawImage {
  const loss = Math.trunc((255 * percent) / 100)
  const data = new Uint8Array(image.data)
  for (let i = 3; i < data.length; i += 4) data[i] = clampByte((data[i] as number) - loss)
  return { ...image, data }
}

/** Mean of each colour channel, fractions dropped, alpha not weighed (`thumbor/ext/filters/_fill.c`). */
export function meanColour({ data, channels }: RawImage): Rgba {
  const sums = [0, 0, 0]
  const pixels = data.length / channels
  for (let i = 0; i < data.length; i += channels) {
    for (let c = 0; c < 3; c++) sums[c] = (sums[c] as number) + (data[channels < 3 ? i : i + c] as number)
  }
  const [red, green, blue] = sums.map((sum) => Math.trunc(sum / pixels)) as [number, number, number]
  return [red, green, blue, 255]
}

import type { RawImage } from '../image.ts'
import { type Plane, REACH, scaleDetails } from './wavelet.ts'

export interface Sharpening {
  /** 0 leaves the picture; below 0 softens it. */
  readonly amount: number
  /** The level of detail that is changed most, 0 for the finest; fractions lie between levels. */
  readonly radius: number
  /** Change brightness alone instead of red, green and blue each. */
  readonly luminance: boolean
}

/** What a plane is made of: a share of red, green and blue; and which channels take its changes. */
interface Part {
  readonly weights: readonly [number, number, number]
  readonly channels: readonly number[]
}

const COLOURS: readonly Part[] = [
  { weights: [1, 0, 0], channels: [0] },
  { weights: [0, 1, 0], channels: [1] },
  { weights: [0, 0, 1], channels: [2] },
]
/** Brightness of JPEG files (JFIF, ITU-R 601); adding to it adds as much to red, green and blue. */
const LUMINANCE: readonly Part[] = [{ weights: [0.299, 0.587, 0.114], channels: [0, 1, 2] }]

// Levels this far apart (squared) differ by a factor of e.
const FALLOFF = 1.5
// 8 MB a plane; five are held at a time.
const STRIP_PIXELS = 2 ** 21

/**
 * Scales each level of detail by its nearness to the radius; fractions are dropped, alpha stays
 * (`thumbor/filters/sharpen.py`). Takes pictures of 3 or 4 channels; works on strips of about `stripPixels`, so that the memory is bounded.
 */
export async function sharpened(
  image: RawImage,
  { amount, radius, luminance }: Sharpening,
  stripPixels = STRIP_PIXELS,
): Promise<RawImage> {
  const { width, height } = image
  const gain = (level: number) => 1 + amount * Math.exp(-((level - radius) ** 2) / FALLOFF)
  // Brings what is stored into a byte, faster than a call for each; it rounds, hence the trunc().
  const out = new Uint8ClampedArray(image.data)
  const rows = Math.max(2 * REACH, Math.floor(stripPixels / width))
  for (let top = 0; top < height; top += rows) {
    const bottom = Math.min(top + rows, height)
    for (const part of luminance ? LUMINANCE : COLOURS) {
      const plane = planeOf(image, Math.max(0, top - REACH), Math.min(height, bottom + REACH), part)
      addChanges(out, image, { plane, after: await scaleDetails(plane, gain), top, bottom }, part)
    }
  }
  return { ...image, data: new Uint8Array(out.buffer) }
}

function planeOf({ data, width, height, channels }: RawImage, from: number, to: number, { weights }: Part): Plane {
  const [red, green, blue] = weights
  const values = new Float32Array((to - from) * width)
  for (let i = 0, at = from * width * channels; i < values.length; i++, at += channels) {
    values[i] = red * (data[at] as number) + green * (data[at + 1] as number) + blue * (data[at + 2] as number)
  }
  return { values, width, from, to, height }
}

interface Changed {
  readonly plane: Plane
  readonly after: Float32Array
  /** The rows to write. */
  readonly top: number
  readonly bottom: number
}

function addChanges(out: Uint8ClampedArray, image: RawImage, { plane, after, top, bottom }: Changed, part: Part): void {
  const { width, channels, data } = image
  for (const channel of part.channels) {
    for (let pixel = top * width; pixel < bottom * width; pixel++) {
      const i = pixel - plane.from * width
      const at = pixel * channels + channel
      const change = (after[i] as number) - (plane.values[i] as number)
      out[at] = Math.trunc((data[at] as number) + change)
    }
  }
}

import type { RawImage } from '../image.ts'

// ITU-R 601-2 luma in 16 bits, as Pillow's `convert("L")` works it out (libImaging/Convert.c).
const RED = 19_595
const GREEN = 38_470
const BLUE = 7_471
const HALF = 32_768

/** Gray pixels, one byte each; alpha is dropped. */
export function grayPixels({ data, width, height, channels }: RawImage): Uint8Array {
  const gray = new Uint8Array(width * height)
  for (let i = 0, at = 0; i < gray.length; i++, at += channels) {
    const red = data[at] as number
    gray[i] =
      channels < 3 ? red : (red * RED + (data[at + 1] as number) * GREEN + (data[at + 2] as number) * BLUE + HALF) >> 16
  }
  return gray
}

import type { RawImage } from '../image.ts'
import { inSlices } from '../slices.ts'

/**
 * Moves every colour away from the gray of the same perceived brightness (HSP: the root of the weighted squares), by a
 * factor: 0 is gray, 1 leaves it, below 0 inverts the hue. In single precision, fractions dropped
 * (`thumbor/ext/filters/_saturation.c`). Alpha stays. Takes pictures of 3 or 4 channels.
 */
export async function saturated(image: RawImage, factor: number): Promise<RawImage> {
  const { data, width, height, channels } = image
  const { fround, sqrt, trunc } = Math
  const by = fround(factor)
  // Brings what is stored into a byte, faster than a call for each; it rounds, hence the trunc().
  const out = new Uint8ClampedArray(data.length)
  const stride = width * channels
  await inSlices(height, stride * 4, (from, to) => {
    for (let i = from * stride; i < to * stride; i += channels) {
      const red = data[i] as number
      const green = data[i + 1] as number
      const blue = data[i + 2] as number
      const gray = fround(sqrt(fround(0.299 * red * red + 0.587 * green * green + 0.114 * blue * blue)))
      out[i] = trunc(fround(gray + fround(fround(red - gray) * by)))
      out[i + 1] = trunc(fround(gray + fround(fround(green - gray) * by)))
      out[i + 2] = trunc(fround(gray + fround(fround(blue - gray) * by)))
      if (channels === 4) out[i + 3] = data[i + 3] as number
    }
  })
  return { ...image, data: new Uint8Array(out.buffer) }
}

import type { RawImage } from '../image.ts'
import { inSlices } from '../slices.ts'

/** Is every pixel opaque? Stops looking at the first that is not. */
export async function isOpaque({ data, width, height, channels }: RawImage): Promise<boolean> {
  if (channels === 1 || channels === 3) return true
  let opaque = true
  await inSlices(height, width, (from, to) => {
    const end = to * width * channels
    for (let at = from * width * channels + channels - 1; opaque && at < end; at += channels) {
      opaque = data[at] === 255
    }
  })
  return opaque
}

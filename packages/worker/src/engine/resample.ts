import { applyRun, fromRaw, toRaw } from './execute.ts'
import type { Size } from './geometry/box.ts'
import type { RawImage } from './image.ts'
import { lanczosScaled } from './kernels/lanczos.ts'
import { resize } from './ops.ts'
import { enlarges } from './scale.ts'

/** Pixels in memory scaled to exactly this size, Lanczos3. */
export async function resample(image: RawImage, size: Size): Promise<RawImage> {
  if (image.width === size.width && image.height === size.height) return image
  if (enlarges(image, size)) return lanczosScaled(image, size)
  return toRaw(applyRun(fromRaw(image), [resize(size)]))
}

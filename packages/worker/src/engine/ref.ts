import { ImgsvcError } from '@imgsvc/core/errors'
import { open } from './decode.ts'
import { applyRun, toRaw } from './execute.ts'
import type { Size } from './geometry/box.ts'
import type { RawImage, SourceInfo } from './image.ts'
import { withAlpha } from './kernels/composite.ts'
import { lanczosScaled } from './kernels/lanczos.ts'
import { resize } from './ops.ts'
import { enlarges } from './scale.ts'

/** The RGBA pixels of a source that a filter names, scaled to `size` when given. Throws SOURCE_UNDECODABLE. */
export async function loadRef(ref: string, bytes: Buffer, info: SourceInfo, size?: Size): Promise<RawImage> {
  const image = open(bytes, info)
  // Drawings are drawn at their size.
  const grows = size && info.format !== 'svg' && enlarges(info, size)
  try {
    if (grows) return await lanczosScaled(withAlpha(await toRaw(image)), size)
    return withAlpha(await toRaw(size ? applyRun(image, [resize(size)]) : image))
  } catch (error) {
    throw new ImgsvcError('SOURCE_UNDECODABLE', `the source ${ref} of a filter cannot be decoded`, { cause: error })
  }
}

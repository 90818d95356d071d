import { ImgsvcError } from '@imgsvc/core/errors'
import { open } from './decode.ts'
import { applyRun, toRaw } from './execute.ts'
import type { Size } from './geometry/box.ts'
import type { RawImage, SourceInfo } from './image.ts'
import { withAlpha } from './kernels/composite.ts'
import { resize } from './ops.ts'

/** The RGBA pixels of a source that a filter names, scaled to `size` when given. Throws SOURCE_UNDECODABLE. */
export async function loadRef(ref: string, bytes: Buffer, info: SourceInfo, size?: Size): Promise<RawImage> {
  const image = open(bytes, info)
  const scaled = size ? applyRun(image, [resize(size)]) : image
  try {
    return withAlpha(await toRaw(scaled))
  } catch (error) {
    throw new ImgsvcError('SOURCE_UNDECODABLE', `the source ${ref} of a filter cannot be decoded`, { cause: error })
  }
}

import { ImgsvcError } from '@imgsvc/core/errors'
import type { Trim } from '@imgsvc/core/url/request'
import { open } from './decode.ts'
import { applyRun, toRaw } from './execute.ts'
import type { Box } from './geometry/box.ts'
import { type Arrival, arrive } from './geometry/transform.ts'
import { headSteps } from './head.ts'
import type { RawImage, SourceInfo } from './image.ts'
import { trimBox } from './kernels/trim-box.ts'

/**
 * Decodes a source to find what trim leaves of it: px of the picture normalised and upright. Undefined when everything
 * is border, which thumbor does not trim either. Throws SOURCE_UNDECODABLE.
 */
export async function findTrimBox(
  bytes: Buffer,
  source: SourceInfo,
  arrival: Arrival,
  { pos, tolerance }: Trim,
): Promise<Box | undefined> {
  const { ops } = arrive(arrival)
  let image: RawImage
  try {
    image = await toRaw(applyRun(open(bytes, source), headSteps(ops, source, false)))
  } catch (cause) {
    throw new ImgsvcError('SOURCE_UNDECODABLE', `the ${source.format} cannot be decoded`, { cause })
  }
  // Any other text, as in `trim:50`, is the last pixel too.
  return trimBox(image, { corner: pos === 'top-left' ? pos : 'bottom-right', tolerance })
}

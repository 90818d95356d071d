import type { Side } from '@imgsvc/core/url/request'
import type { Size } from './box.ts'
import { roundHalfEven } from './rounding.ts'

/** The sides a request asks for: omitted (0) or `orig`, as written, or px. */
export interface RequestedSize {
  readonly width: Side
  readonly height: Side
}

/** Cuts each requested side to its limit by itself; 0 is no limit and `orig` is exempt (thumbor MAX_WIDTH, MAX_HEIGHT). */
export function clampRequested(requested: RequestedSize, maxWidth: number, maxHeight: number): RequestedSize {
  const clamp = (side: Side, max: number): Side => (side === 'orig' || max === 0 ? side : Math.min(side, max))
  return { width: clamp(requested.width, maxWidth), height: clamp(requested.height, maxHeight) }
}

/**
 * The sides to aim for (`thumbor/transformer.py`, calculate_target_dimensions): an omitted side follows the other in
 * proportion, rounded half to even, which may be 0. Where thumbor fails (`orig` beside an omitted side) the omitted
 * side follows the original one.
 */
export function targetSize(source: Size, requested: RequestedSize): Size {
  const width = requested.width === 'orig' ? source.width : requested.width
  const height = requested.height === 'orig' ? source.height : requested.height
  if (width === 0 && height === 0) return source
  return {
    width: width || roundHalfEven((height * source.width) / source.height),
    height: height || roundHalfEven((width * source.height) / source.width),
  }
}

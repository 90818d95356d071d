import type { Box, Size } from './box.ts'
import type { FocalPoint } from './focal.ts'
import { centreOfMass } from './focal.ts'
import { roundHalfEven, roundToCents } from './rounding.ts'

/**
 * The part of `source` that has the shape of `target`, kept around the focal points (`thumbor/transformer.py`,
 * auto_crop). Shapes that agree to two decimals are not cropped at all: the resize that follows distorts slightly.
 * Widths are rounded up and heights half to even, as there; where its box would be empty ours is 1 px thin.
 */
export function autoCrop(source: Size, target: Size, focal: readonly FocalPoint[]): Box | undefined {
  const tw = target.width || 1
  const th = target.height || 1
  if (roundToCents(source.width / source.height) === roundToCents(tw / th)) return undefined
  let { width, height } = source
  if (target.width / source.width > target.height / source.height) {
    height = roundHalfEven((source.width * target.height) / tw)
  } else {
    width = Math.ceil((target.width * source.height) / th)
  }
  width = Math.max(1, width)
  height = Math.max(1, height)
  const centre = centreOfMass(focal)
  const left = start(centre.x, width, source.width)
  const top = start(centre.y, height, source.height)
  return {
    left,
    top,
    width: Math.min(left + width, source.width) - left,
    height: Math.min(top + height, source.height) - top,
  }
}

function start(centre: number, length: number, available: number): number {
  return roundHalfEven(Math.min(Math.max(centre - length / 2, 0), available - length))
}

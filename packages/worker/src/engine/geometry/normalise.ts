import type { CropBox } from '@imgsvc/core/url/request'
import type { Size } from './box.ts'
import { roundHalfEven } from './rounding.ts'

/**
 * The size an oversized source is brought to before anything else, or undefined (thumbor's handler,
 * normalisation by MAX_WIDTH and MAX_HEIGHT). Only the axis with the larger excess is fitted; equal excess does
 * nothing; a limit of 0 still counts as an excess of the whole side, all as there. Sees the stored orientation.
 */
export function normalisedSize({ width, height }: Size, maxWidth: number, maxHeight: number): Size | undefined {
  const overWidth = width - maxWidth
  const overHeight = height - maxHeight
  if (overWidth <= 0 && overHeight <= 0) return undefined
  if (maxWidth > 0 && overWidth > overHeight) {
    return { width: maxWidth, height: Math.max(1, roundHalfEven((maxWidth * height) / width)) }
  }
  if (maxHeight > 0 && overHeight > overWidth) {
    return { width: Math.max(1, roundHalfEven((maxHeight * width) / height)), height: maxHeight }
  }
  return undefined
}

/** A manual crop carried over to the normalised picture, rounded down. */
export function normalisedCrop(crop: CropBox, from: Size, to: Size): CropBox {
  const x = (value: number) => Math.floor((value * to.width) / from.width)
  const y = (value: number) => Math.floor((value * to.height) / from.height)
  return { left: x(crop.left), right: x(crop.right), top: y(crop.top), bottom: y(crop.bottom) }
}

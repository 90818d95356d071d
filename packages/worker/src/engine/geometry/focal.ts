import type { CropBox, HAlign, VAlign } from '@imgsvc/core/url/request'
import type { Size } from './box.ts'

/** A point worth keeping in the picture, px, with how much it matters. */
export interface FocalPoint {
  readonly x: number
  readonly y: number
  readonly weight: number
  /** Sides of the box it stands for, px; absent for a bare point. */
  readonly box?: Size
  /** Who found it, as `/meta/` tells; absent for explicit boxes and alignments. */
  readonly origin?: string
}

const H_SHARE: Readonly<Record<HAlign, number>> = { left: 0, center: 0.5, right: 1 }
const V_SHARE: Readonly<Record<VAlign, number>> = { top: 0, middle: 0.5, bottom: 1 }

/** The point that stands for an alignment when there is nothing better. */
export function alignmentPoint({ width, height }: Size, halign: HAlign, valign: VAlign): FocalPoint {
  return { x: Math.trunc(width * H_SHARE[halign]), y: Math.trunc(height * V_SHARE[valign]), weight: 1 }
}

/**
 * The point that stands for a box, as heavy as the box is large; undefined when it has no area. Opposite corners may
 * come in any order.
 */
export function boxPoint(left: number, top: number, right: number, bottom: number): FocalPoint | undefined {
  const width = right - left
  const height = bottom - top
  if (width === 0 || height === 0) return undefined
  return {
    x: left + Math.floor(width / 2),
    y: top + Math.floor(height / 2),
    weight: Math.abs(width) * Math.abs(height),
    box: { width, height },
  }
}

/** Points inside a manual crop, edges included, in the coordinates of the cropped picture; the others are dropped. */
export function pointsInside(points: readonly FocalPoint[], crop: CropBox): FocalPoint[] {
  return points
    .filter(({ x, y }) => x >= crop.left && x <= crop.right && y >= crop.top && y <= crop.bottom)
    .map((point) => ({ ...point, x: point.x - crop.left, y: point.y - crop.top }))
}

/** Weighted mean of the points, rounded down. At least one point of positive weight is needed. */
export function centreOfMass(points: readonly FocalPoint[]): { readonly x: number; readonly y: number } {
  let x = 0
  let y = 0
  let weight = 0
  for (const point of points) {
    x += point.x * point.weight
    y += point.y * point.weight
    weight += point.weight
  }
  return { x: Math.floor(x / weight), y: Math.floor(y / weight) }
}

import type { CropBox, HAlign, VAlign } from '@imgsvc/core/url/request'
import type { Size } from './box.ts'

/** A point worth keeping in the picture, px, with how much it matters. */
export interface FocalPoint {
  readonly x: number
  readonly y: number
  readonly weight: number
}

const H_SHARE: Readonly<Record<HAlign, number>> = { left: 0, center: 0.5, right: 1 }
const V_SHARE: Readonly<Record<VAlign, number>> = { top: 0, middle: 0.5, bottom: 1 }

/** The point that stands for an alignment when there is nothing better. */
export function alignmentPoint({ width, height }: Size, halign: HAlign, valign: VAlign): FocalPoint {
  return { x: Math.trunc(width * H_SHARE[halign]), y: Math.trunc(height * V_SHARE[valign]), weight: 1 }
}

/** Points inside a manual crop, edges included, in the coordinates of the cropped picture; the others are dropped. */
export function pointsInside(points: readonly FocalPoint[], crop: CropBox): FocalPoint[] {
  return points
    .filter(({ x, y }) => x >= crop.left && x <= crop.right && y >= crop.top && y <= crop.bottom)
    .map(({ x, y, weight }) => ({ x: x - crop.left, y: y - crop.top, weight }))
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

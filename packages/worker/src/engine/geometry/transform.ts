import type { CropBox, ImageRequest } from '@imgsvc/core/url/request'
import { autoCrop } from './auto-crop.ts'
import type { Box, Size } from './box.ts'
import { fitIn } from './fit-in.ts'
import { alignmentPoint, type FocalPoint, pointsInside } from './focal.ts'
import { normalisedCrop, normalisedSize } from './normalise.ts'
import { EXIF_TURNS, FLIP, MIRROR, type Turn, turnSize, UPRIGHT } from './orientation.ts'
import { type RequestedSize, targetSize } from './targets.ts'

/** One operation on the picture as the ones before it left it. */
export type GeometryOp =
  | { readonly kind: 'turn'; readonly turn: Turn }
  | { readonly kind: 'crop'; readonly box: Box }
  | { readonly kind: 'resize'; readonly size: Size }

/** The part of a request that decides sizes. */
export type GeometryRequest = Pick<
  ImageRequest,
  'debug' | 'crop' | 'fitIn' | 'adaptive' | 'full' | 'width' | 'height' | 'flipH' | 'flipV' | 'halign' | 'valign'
>

/** What decides how a source arrives: its size, and how it lies, before anything is asked of it. */
export interface Arrival {
  /** Stored size of the source, px. */
  readonly source: Size
  /** EXIF orientation to respect; 1 leaves the picture as stored. */
  readonly orientation: number
  /** Bounds the source is normalised to first, px; 0 is none. */
  readonly maxWidth: number
  readonly maxHeight: number
}

export interface GeometryInput extends Arrival {
  readonly request: GeometryRequest
  /** Resize without cropping. Has no effect on fit-in. */
  readonly stretch: boolean
  readonly focalPoints: readonly FocalPoint[]
  /** What trim leaves, found in the pixels: px of the picture as it arrives. */
  readonly trim?: Box
}

export interface Geometry {
  readonly ops: readonly GeometryOp[]
  /** Size after the last operation, px. */
  readonly size: Size
  /** The request as the filters after it see it. */
  readonly requested: RequestedSize
  readonly target: Size
  /** What the picture is cut around, px after the manual crop; the alignment when there is nothing better. */
  readonly focalPoints: readonly FocalPoint[]
}

/** Normalises and turns upright: the picture as trim and detection see it. `normalised` is undefined when it fits. */
export function arrive({ source, orientation, maxWidth, maxHeight }: Arrival) {
  const ops: GeometryOp[] = []
  const normalised = normalisedSize(source, maxWidth, maxHeight)
  if (normalised) ops.push({ kind: 'resize', size: normalised })
  const upright = EXIF_TURNS[orientation - 1] ?? UPRIGHT
  if (upright !== UPRIGHT) ops.push({ kind: 'turn', turn: upright })
  return { ops, size: turnSize(upright, normalised ?? source), normalised }
}

/**
 * Everything thumbor does between loading and filtering, as a list of operations (`thumbor/transformer.py`):
 * normalise → turn upright → trim → manual crop → auto crop or fit-in → resize → flips. Pure arithmetic, never throws.
 */
export function transform(input: GeometryInput): Geometry {
  const { request, trim } = input
  const arrived = arrive(input)
  const { ops, normalised } = arrived
  let { size } = arrived
  let crop = request.crop && normalised ? normalisedCrop(request.crop, input.source, normalised) : request.crop
  if (trim) {
    ops.push({ kind: 'crop', box: trim })
    size = { width: trim.width, height: trim.height }
    crop = crop && shifted(crop, trim)
  }
  const manual = crop && clampedCrop(crop, size)
  if (manual) {
    ops.push({ kind: 'crop', box: manual })
    size = { width: manual.width, height: manual.height }
  }

  const focalPoints = pointsOf(input, manual && crop, size)
  let target = targetSize(size, request)
  let requested: RequestedSize = { width: request.width, height: request.height }
  // debug only outlines focal points: nothing is cropped to shape, resized or flipped.
  if (!request.debug) {
    const shaped = request.fitIn
      ? fitted(size, target, requested, request)
      : { ...cropped(size, target, input.stretch ? [] : focalPoints), requested, target }
    ops.push(...shaped.ops)
    size = shaped.size
    requested = shaped.requested
    target = shaped.target
    if (request.flipH) ops.push({ kind: 'turn', turn: MIRROR })
    if (request.flipV) ops.push({ kind: 'turn', turn: FLIP })
  }
  return { ops, size, requested, target, focalPoints }
}

/** The points that are left after a manual crop, or the one that stands for the alignment. */
function pointsOf(input: GeometryInput, manual: CropBox | undefined, size: Size): readonly FocalPoint[] {
  const points = manual ? pointsInside(input.focalPoints, manual) : input.focalPoints
  return points.length > 0 ? points : [alignmentPoint(size, input.request.halign, input.request.valign)]
}

function fitted(size: Size, target: Size, requested: RequestedSize, request: GeometryRequest) {
  const fit = fitIn(size, target, requested, request)
  const ops: GeometryOp[] = fit.resize ? [{ kind: 'resize', size: fit.resize }] : []
  return { ops, size: fit.resize ?? size, requested: fit.requested, target: fit.target }
}

/** Without points nothing is cut off: the picture is stretched. */
function cropped(size: Size, target: Size, around: readonly FocalPoint[]) {
  const ops: GeometryOp[] = []
  const box = around.length > 0 ? autoCrop(size, target, around) : undefined
  if (box) ops.push({ kind: 'crop', box })
  const left = box ?? size
  const resized = { width: target.width || 1, height: target.height || 1 }
  if (left.width !== resized.width || left.height !== resized.height) ops.push({ kind: 'resize', size: resized })
  return { ops, size: resized }
}

/** A manual crop counted from the corner of what trim left. */
function shifted(crop: CropBox, { left, top }: Box): CropBox {
  return { left: crop.left - left, right: crop.right - left, top: crop.top - top, bottom: crop.bottom - top }
}

/** The crop inside the picture, or undefined when nothing of it is left (thumbor then ignores it). */
function clampedCrop(crop: CropBox, { width, height }: Size): Box | undefined {
  const clamp = (value: number, max: number) => Math.min(Math.max(value, 0), max)
  const left = clamp(crop.left, width)
  const top = clamp(crop.top, height)
  const right = clamp(crop.right, width)
  const bottom = clamp(crop.bottom, height)
  if (left >= right || top >= bottom) return undefined
  return { left, top, width: right - left, height: bottom - top }
}

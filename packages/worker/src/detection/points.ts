import type { Box, Size } from '../engine/geometry/box.ts'
import type { FocalPoint } from '../engine/geometry/focal.ts'
import type { DetectedPoint } from '../stores/detector-data.ts'
import type { Found } from './task.ts'

/** Origins of points, as thumbor stores them and `/meta/` shows them (`thumbor/detectors/*`, `thumbor/point.py`). */
export const ORIGIN = {
  face: 'Face Detection',
  /** Profiles and glasses. */
  other: 'detection',
  /** Corners are bare points, which thumbor takes for alignments. */
  corner: 'alignment',
  attention: 'Attention',
  eye: 'Eye Detection',
  explicit: 'Explicit',
} as const

/** The share of a face's height that its box is moved up for the hair (`thumbor/detectors/face_detector/__init__.py`). */
const HAIR = 0.12

/** What was found in the picture as shown, carried over to the picture itself, whole px. */
export function scaled({ left, top, width, height }: Found, shown: Size, size: Size): Found {
  const [x, y] = [size.width / shown.width, size.height / shown.height]
  return {
    left: Math.floor(left * x),
    top: Math.floor(top * y),
    width: Math.max(1, Math.round(width * x)),
    height: Math.max(1, Math.round(height * y)),
  }
}

/** The point of a face: moved up, where there is room, so that the hair is kept. */
export function facePoint(face: Found): DetectedPoint {
  const lift = face.height * HAIR
  return boxPoint(face.top < lift ? face : { ...face, top: face.top - lift }, ORIGIN.face)
}

/** The middle of a box, as heavy as the box is large (`thumbor/point.py`, from_square). */
export function boxPoint({ left, top, width, height }: Found, origin: string): DetectedPoint {
  return {
    x: Math.trunc(left + Math.floor(width / 2)),
    y: Math.trunc(top + Math.floor(height / 2)),
    z: width * height,
    width,
    height,
    origin,
  }
}

/** A point without a box, of the least weight. */
export function barePoint({ left, top }: { readonly left: number; readonly top: number }, origin: string) {
  return { x: left, y: top, z: 1, width: 1, height: 1, origin } satisfies DetectedPoint
}

/**
 * The stored points that are good for a picture of this size. thumbor stores the explicit points of whoever asked first
 * as well: they are left out. Undefined when nothing good is left of something.
 */
export function usable(stored: readonly DetectedPoint[], { width, height }: Size): DetectedPoint[] | undefined {
  const good = stored.filter(
    ({ x, y, z, origin }) => origin !== ORIGIN.explicit && z > 0 && x >= 0 && y >= 0 && x <= width && y <= height,
  )
  return good.length === 0 && stored.length > 0 ? undefined : good
}

/** As the geometry takes them. */
export function focalPoint({ x, y, z, width, height, origin }: DetectedPoint): FocalPoint {
  return { x: Math.trunc(x), y: Math.trunc(y), weight: z, box: { width, height }, origin }
}

/** The box a point stands for. */
export function boxOf({ x, y, width, height }: DetectedPoint): Box {
  return { left: x - Math.floor(width / 2), top: y - Math.floor(height / 2), width, height }
}

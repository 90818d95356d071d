import type { Config } from '@imgsvc/core/config/schema'
import { attentionPoint } from '../engine/attention.ts'
import type { Glance } from '../engine/glance.ts'
import { grayPixels } from '../engine/kernels/gray.ts'
import type { DetectedPoint } from '../stores/detector-data.ts'
import type { DetectorThread } from './detector-thread.ts'
import { barePoint, boxPoint, facePoint, ORIGIN, scaled } from './points.ts'
import type { Found, GrayImage, Search } from './task.ts'

/** The detectors of `detection.detectors`, and `eyes`, which serves red_eye. */
export type DetectorName = Config['detection']['detectors'][number] | 'eyes'

/** Looks at a picture; nothing found is an empty list. Throws DETECTION_ codes, BUSY and the signal's reason. */
export type Detector = (glance: Glance, signal: AbortSignal) => Promise<readonly DetectedPoint[]>

export type Detectors = Readonly<Record<DetectorName, Detector>>

/** Absolute paths of the cascades that come with imgsvc. */
export interface Cascades {
  readonly face: string
  readonly profile: string
  readonly glasses: string
  readonly eye: string
}

export interface DetectorParts {
  readonly thread: DetectorThread
  readonly cascades: Cascades
  readonly settings: () => Pick<Config['detection'], 'faceCascade' | 'profileCascade' | 'glassesCascade'>
}

/** All detectors there are; those of thumbor with its parameters, all but `attention` in the detector thread. */
export function createDetectors({ thread, cascades, settings }: DetectorParts): Detectors {
  const searching = (search: () => Search, pointOf: (found: Found) => DetectedPoint): Detector => {
    return async ({ size, image }, signal) => {
      const found = await thread.run({ search: search(), image: grayOf(image) }, signal)
      return found.map((box) => pointOf(scaled(box, image, size)))
    }
  }
  const objects = (cascade: () => string, bothWays: boolean) => (): Search => {
    return { kind: 'objects', cascade: cascade(), bothWays }
  }
  const face = () => settings().faceCascade ?? cascades.face
  const other = (found: Found) => boxPoint(found, ORIGIN.other)
  return {
    face: searching(objects(face, false), facePoint),
    profile: searching(
      objects(() => settings().profileCascade ?? cascades.profile, true),
      other,
    ),
    glasses: searching(
      objects(() => settings().glassesCascade ?? cascades.glasses, false),
      other,
    ),
    feature: searching(
      () => ({ kind: 'corners' }),
      (corner) => barePoint(corner, ORIGIN.corner),
    ),
    eyes: searching(
      () => ({ kind: 'eyes', faceCascade: face(), eyeCascade: cascades.eye }),
      (eye) => boxPoint(eye, ORIGIN.eye),
    ),
    attention: async ({ size, image }) => {
      const point = await attentionPoint(image)
      if (!point) return []
      return [barePoint(scaled({ left: point.x, top: point.y, width: 1, height: 1 }, image, size), ORIGIN.attention)]
    },
  }
}

// A picture is gray once, however many detectors look at it.
const grays = new WeakMap<Glance['image'], GrayImage>()

function grayOf(image: Glance['image']): GrayImage {
  const known = grays.get(image)
  if (known) return known
  const gray = { data: grayPixels(image), width: image.width, height: image.height }
  grays.set(image, gray)
  return gray
}

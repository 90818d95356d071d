import type { Config } from '@imgsvc/core/config/schema'
import type { ImageRequest } from '@imgsvc/core/url/request'
import type { Finder, FindOptions, Subject } from '../detection/finder.ts'
import { boxOf, focalPoint } from '../detection/points.ts'
import type { Box } from '../engine/geometry/box.ts'
import type { FocalPoint } from '../engine/geometry/focal.ts'
import type { SourceInfo } from '../engine/image.ts'
import type { ResolvedFilters } from '../filters/resolve.ts'
import { arrivalOf } from './arrival.ts'
import { etagOf } from './etag.ts'
import type { Original, ResultHead } from './types.ts'

/** What detectors tell a plan: px of the source normalised, upright and trimmed. */
export interface Detected {
  readonly focalPoints: readonly FocalPoint[]
  /** Eyes in faces. */
  readonly eyes: readonly Box[]
  /** A detector that was asked could not tell: the answer is temporary. */
  readonly failed: boolean
}

export const UNDETECTED: Detected = { focalPoints: [], eyes: [], failed: false }

export interface DetectInput {
  readonly request: ImageRequest
  readonly filters: ResolvedFilters
  readonly images: Config['images']
  readonly detection: Config['detection']
  readonly source: { readonly original: Original; readonly info: SourceInfo }
  readonly trimBox: Box | undefined
}

/**
 * Asks the detectors of `smart` and looks for eyes where a filter needs them; nothing where neither would make a
 * difference. Throws only the signal's reason.
 */
export async function detect(
  { request, filters, images, detection, source: { original, info }, trimBox }: DetectInput,
  finder: Finder,
  io: Pick<FindOptions, 'signal' | 'inLine'>,
): Promise<Detected> {
  const names = asksDetectors(request) ? detection.detectors : []
  if (names.length === 0 && !filters.eyes) return UNDETECTED
  const { bytes, from, modifiedAt } = original
  const subject: Subject = {
    source: request.source,
    bytes,
    // What was loaded just now and tells no time may be another picture than the one that was searched.
    modifiedAt: modifiedAt ?? (from === 'source' ? Date.now() : undefined),
    info,
    arrival: arrivalOf(info, images),
    trimBox,
  }
  const options: FindOptions = { ...io, settings: detection }
  const found = names.length > 0 ? await finder.find(subject, names, options) : undefined
  const eyes = filters.eyes ? await finder.find(subject, ['eyes'], options) : undefined
  return {
    focalPoints: found?.points.map(focalPoint) ?? [],
    eyes: eyes?.points.map(boxOf) ?? [],
    failed: found?.failed === true || eyes?.failed === true,
  }
}

/** Without a cut there is nothing to keep in view; documents show the points all the same. */
function asksDetectors({ smart, fitIn, meta }: ImageRequest): boolean {
  return smart && (meta || !fitIn)
}

/** The part of a result's key that says how it was searched; empty where it was not. */
export function detectionKey(request: ImageRequest, filters: ResolvedFilters, detection: Config['detection']): string {
  if (!request.smart && !filters.eyes) return ''
  const { detectors, faceCascade, profileCascade, glassesCascade, maxPixels } = detection
  return JSON.stringify([detectors, faceCascade, profileCascade, glassesCascade, maxPixels])
}

/**
 * An answer that another try may better: it lives shortly, and no validator of it ever matches, for that would be the
 * one of the picture as it should be.
 */
export function temporary<H extends ResultHead>(result: H, { temporaryMaxAge }: Config['detection']): H {
  return {
    ...result,
    etag: etagOf([result.etag, 'temporary']),
    lastModified: 0,
    maxAge: Math.floor(temporaryMaxAge / 1000),
  }
}

import type { Config } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { ImageRequest } from '@imgsvc/core/url/request'
import type { Box } from '../engine/geometry/box.ts'
import type { FocalPoint } from '../engine/geometry/focal.ts'
import type { SourceInfo } from '../engine/image.ts'
import { type NinePatch, readNinePatch } from '../engine/kernels/nine-patch.ts'
import { loadRef } from '../engine/ref.ts'
import { findTrimBox } from '../engine/trim.ts'
import type { ResolvedFilters } from '../filters/resolve.ts'
import { arrivalOf } from './arrival.ts'
import type { Original } from './types.ts'

/** What a plan needs to know of pixels, where headers do not tell. */
export interface Measured {
  /** What trim leaves: px of the source normalised and upright. Undefined: all of it. */
  readonly trimBox?: Box | undefined
  /** How frames are put around pictures, by the text of the filter's argument. */
  readonly ninePatches: ReadonlyMap<string, NinePatch>
  /** What detectors found, px of the source normalised, upright and trimmed. */
  readonly focalPoints?: readonly FocalPoint[]
  readonly eyes?: readonly Box[]
}

export const UNMEASURED: Measured = { ninePatches: new Map() }

/** A source with its header, as fetched. */
interface Fetched {
  readonly original: Pick<Original, 'bytes'>
  readonly info: SourceInfo
}

export interface MeasureInput {
  readonly request: ImageRequest
  readonly filters: ResolvedFilters
  readonly images: Config['images']
  readonly source: Fetched
  readonly refs: ReadonlyMap<string, Fetched>
}

/** Whether anything has to be decoded before it can be planned: only for trim and frames. */
export function needsMeasuring({ request, filters }: Pick<MeasureInput, 'request' | 'filters'>): boolean {
  return request.trim !== undefined || filters.ninePatches.length > 0
}

/** Decodes what has to be looked at. Throws SOURCE_UNDECODABLE, also for a frame without room for a picture. */
export async function measure({ request, filters, images, source, refs }: MeasureInput): Promise<Measured> {
  const { trim } = request
  const { original, info } = source
  const trimBox = trim && (await findTrimBox(original.bytes, info, arrivalOf(info, images), trim))
  const ninePatches = new Map<string, NinePatch>()
  for (const ref of filters.ninePatches) ninePatches.set(ref, await ninePatchOf(ref, refs.get(ref)))
  return { trimBox, ninePatches }
}

async function ninePatchOf(ref: string, fetched: Fetched | undefined): Promise<NinePatch> {
  if (!fetched) throw new ImgsvcError('INTERNAL', `the frame ${ref} was not fetched before planning`)
  const patch = readNinePatch(await loadRef(ref, fetched.original.bytes, fetched.info))
  if (!patch) throw new ImgsvcError('SOURCE_UNDECODABLE', `the frame ${ref} is smaller than 3x3 px`)
  return patch
}

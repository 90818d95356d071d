import type { Config } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { ImageRequest } from '@imgsvc/core/url/request'
import { type Encoding, MAX_SIDE } from '../engine/encode.ts'
import type { Box, Size } from '../engine/geometry/box.ts'
import { followBoxes } from '../engine/geometry/follow.ts'
import { EXIF_TURNS, turnSize, UPRIGHT } from '../engine/geometry/orientation.ts'
import { clampRequested } from '../engine/geometry/targets.ts'
import { type Arrival, arrive, type Geometry, type GeometryInput, transform } from '../engine/geometry/transform.ts'
import { headSteps } from '../engine/head.ts'
import type { OutputFormat, SourceInfo } from '../engine/image.ts'
import { type Metadata, needsSource } from '../engine/metadata.ts'
import type { Step } from '../engine/ops.ts'
import { outlined } from '../engine/outline-ops.ts'
import { type ResolvedFilters, settingsOf } from '../filters/resolve.ts'
import { checkFrames, framesOf } from './animation.ts'
import { arrivalOf } from './arrival.ts'
import { decodedSource, encodingFor, metadataFor } from './encoding.ts'
import type { Measured } from './measure.ts'
import type { Outcome } from './negotiate.ts'

export interface PlanInput {
  readonly request: ImageRequest
  readonly filters: ResolvedFilters
  readonly source: SourceInfo
  /** The format of a finished picture; asked once its size is known. */
  readonly formatOf: (outcome: Outcome) => OutputFormat
  readonly images: Config['images']
  /** Headers of the sources that filters name. */
  readonly refs: ReadonlyMap<string, SourceInfo>
  /** What had to be decoded to know it. */
  readonly measured: Measured
}

/** Everything that will be done to a picture, decided from headers and, for trim and frames, from what `measure` found. */
export interface Plan {
  readonly source: SourceInfo
  readonly refs: ReadonlyMap<string, SourceInfo>
  /** In order; each carries the size after it. */
  readonly steps: readonly Step[]
  /** EXIF orientation that is respected; 1 leaves the picture as stored. */
  readonly orientation: number
  readonly geometry: Geometry
  /** Size of the result, px. */
  readonly size: Size
  /** All steps are done to each; 1 for a still, and where only the first of an animation is shown. */
  readonly frames: number
  readonly encoding: Encoding
  /** How it is written instead if a pixel is not opaque, where that makes a difference: only the pixels can tell. */
  readonly ifTransparent: Encoding | undefined
  /**
   * The profile is kept as long as the picture never leaves its one pipeline: for pixel filters and max_bytes colours
   * are converted to sRGB, which needs none.
   */
  readonly metadata: Metadata
}

/**
 * Multiplications a request may cost, about half a minute of one core. Only extreme filters, or very many of them,
 * on pictures of the largest sizes reach it.
 */
const MAX_WORK = 20e9
// What a pixel of an operation of libvips counts.
const WORK_PER_PIXEL = 20

/**
 * Works out every step and its size. Throws OUTPUT_TOO_LARGE when a step would pass `images.maxOutputPixels`, when
 * the format cannot hold the sides, or when the filters would need too much work.
 */
export function plan({ request, filters, source, formatOf, images, refs, measured }: PlanInput): Plan {
  const { list } = filters
  const arrival = arrivalOf(source, images)
  const { orientation } = arrival
  const input = list.reduce<GeometryInput>(
    (adjusted, filter) => (filter.phase === 'source' ? filter.adjust(adjusted) : adjusted),
    {
      ...arrival,
      request: { ...request, ...clampRequested(request, images.maxWidth, images.maxHeight) },
      stretch: false,
      focalPoints: [],
      ...(measured.trimBox ? { trim: measured.trimBox } : {}),
    },
  )
  const geometry = transform({ ...input, focalPoints: [...input.focalPoints, ...(measured.focalPoints ?? [])] })
  const settings = settingsOf(list)
  const metadata = metadataFor(source, orientation !== 1, settings, images)
  const steps = headSteps(geometry.ops, source, !metadata.icc && !needsSource(metadata))
  if (request.debug) steps.push(...outlined(geometry.size, geometry.focalPoints))
  const original = turnSize(EXIF_TURNS[orientation - 1] ?? UPRIGHT, source)
  let { size } = geometry
  let eyes = eyesIn(geometry, arrival, measured)
  for (const filter of list) {
    if (filter.phase !== 'geometry' && filter.phase !== 'pixels') continue
    const added = filter.plan({
      size,
      requested: geometry.requested,
      source: original,
      refs,
      ninePatches: measured.ninePatches,
      eyes,
    })
    steps.push(...added)
    const after = added.at(-1)?.size ?? size
    if (added.some(({ op }) => op === 'turn') || after.width !== size.width || after.height !== size.height) eyes = []
    size = after
  }
  const format = formatOf({ size, transparent: false })
  const frames = framesOf(source, format)
  checkFrames(source, frames, size, images)
  check(steps, size, frames, images.maxOutputPixels)
  const other = formatOf({ size, transparent: true })
  const mayBeTransparent = source.hasAlpha || steps.some(({ kind }) => kind === 'raw')
  checkSides(size, format)
  return {
    source: decodedSource(source, images),
    refs,
    steps,
    orientation,
    geometry,
    size,
    frames,
    encoding: {
      ...encodingFor(format, settings, images, source),
      animation: frames > 1 ? source.animation : undefined,
    },
    ifTransparent: mayBeTransparent && other !== format ? encodingFor(other, settings, images, source) : undefined,
    metadata,
  }
}

/** Where the eyes that were found lie after the geometry, px. */
function eyesIn({ ops }: Geometry, arrival: Arrival, { eyes = [], trimBox }: Measured): readonly Box[] {
  const arrived = arrive(arrival)
  const size = trimBox ?? arrived.size
  return followBoxes(eyes, size, ops.slice(arrived.ops.length + (trimBox ? 1 : 0)))
}

function check(steps: readonly Step[], size: Size, frames: number, maxPixels: number): void {
  const held = steps.flatMap((step) => ('beside' in step && step.beside ? [step.size, step.beside] : [step.size]))
  for (const { width, height } of [size, ...held]) {
    if (width * height > maxPixels) {
      throw new ImgsvcError('OUTPUT_TOO_LARGE', `${width}x${height} is more than ${maxPixels} px`)
    }
  }
  const work = steps.reduce((sum, { size, ...step }) => {
    return sum + ('work' in step ? step.work : size.width * size.height * WORK_PER_PIXEL)
  }, 0)
  if (work * frames > MAX_WORK)
    throw new ImgsvcError('OUTPUT_TOO_LARGE', 'the filters would need too much work at this size')
}

function checkSides({ width, height }: Size, format: OutputFormat): void {
  const most = MAX_SIDE[format]
  if (width > most || height > most) {
    throw new ImgsvcError(
      'OUTPUT_TOO_LARGE',
      `${width}x${height} does not fit ${format}, whose sides end at ${most} px`,
    )
  }
}

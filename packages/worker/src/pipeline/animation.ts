import type { Config } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { Size } from '../engine/geometry/box.ts'
import type { OutputFormat, SourceInfo } from '../engine/image.ts'
import { gifv } from '../filters/encode/gifv.ts'
import type { ResolvedFilter } from '../filters/filter.ts'
import { backgroundColor } from '../filters/pixels/background-color.ts'
import { filtersOf, type ResolvedFilters } from '../filters/resolve.ts'

/** sharp takes no more rows of raw pixels. */
const MAX_ROWS = 100_000_000

/** Frames of a result: all of an animation's where the format can hold them, otherwise the first. */
export function framesOf({ pages }: Pick<SourceInfo, 'pages'>, format: OutputFormat): number {
  return format === 'gif' || format === 'webp' ? pages : 1
}

/**
 * Bounds what all frames together cost, from the header alone. Throws SOURCE_TOO_MANY_FRAMES and
 * SOURCE_TOO_MANY_PIXELS for the source, OUTPUT_TOO_LARGE for frames of `size`.
 */
export function checkFrames(
  source: Size,
  frames: number,
  size: Size,
  { maxFrames, maxAnimationPixels, maxOutputPixels }: Config['images'],
): void {
  if (frames === 1) return
  if (frames > maxFrames) {
    throw new ImgsvcError('SOURCE_TOO_MANY_FRAMES', `it has ${frames}; at most ${maxFrames} are allowed`)
  }
  const together = ({ width, height }: Size) => width * height * frames
  if (together(source) > maxAnimationPixels) {
    const told = `${frames} frames of ${source.width}x${source.height}`
    throw new ImgsvcError('SOURCE_TOO_MANY_PIXELS', `${told} are more than ${maxAnimationPixels} px`)
  }
  if (together(size) > maxOutputPixels || size.height * frames > MAX_ROWS) {
    const told = `${frames} frames of ${size.width}x${size.height}`
    throw new ImgsvcError('OUTPUT_TOO_LARGE', `${told} are more than ${maxOutputPixels} px or ${MAX_ROWS} rows`)
  }
}

/**
 * The filters that act on a source. thumbor runs none of those after the geometry on a GIF, not even format() or
 * quality() (`thumbor/handlers/__init__.py`); what is left out counts as ignored. gifv() reads the URL by itself, as does
 * what it takes from background_color().
 */
export function filtersOn(
  { format }: Pick<SourceInfo, 'format'>,
  filters: ResolvedFilters,
  { skipGifFilters }: Readonly<Pick<Config['compat'], 'skipGifFilters'>>,
): ResolvedFilters {
  if (!skipGifFilters || format !== 'gif') return filters
  const forVideo: readonly string[] = filters.video === undefined ? [] : [gifv.name, backgroundColor.name]
  const acts = ({ phase, name }: ResolvedFilter) => phase === 'source' || forVideo.includes(name)
  const list = filters.list.filter(acts)
  const skipped = filters.list.filter((filter) => !acts(filter)).map(({ text }) => text)
  return filtersOf(list, [...filters.ignored, ...skipped])
}

const WHITE = backgroundColor.resolve('background_color(white)')

/** Videos are opaque: what is transparent in the end gets the last background_color(), or white. */
export function onBackground(filters: ResolvedFilters): ResolvedFilters {
  if (filters.video === undefined || !WHITE.ok) return filters
  const { list, ignored } = filters
  const drawn = list.filter(({ phase }) => phase === 'geometry' || phase === 'pixels')
  const background = drawn.findLast(({ name }) => name === backgroundColor.name) ?? WHITE.call
  return drawn.at(-1) === background ? filters : filtersOf([...list, background], ignored)
}

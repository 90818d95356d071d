import type { Config } from '@imgsvc/core/config/schema'
import { MAX_SIDE } from '../engine/encode.ts'
import type { Size } from '../engine/geometry/box.ts'
import type { OutputFormat, SourceFormat, SourceInfo } from '../engine/image.ts'
import { type AcceptedFormat, accepts, parseAccept } from './accept.ts'

/**
 * A format that may take the place of the source's own. `png-to-jpeg` is JPEG for pictures that would be PNG,
 * whatever the client accepts; the others need its Accept.
 */
export type Candidate = AcceptedFormat | 'png-to-jpeg'

export type NegotiationSettings = Pick<
  Config['images'],
  'autoWebp' | 'autoAvif' | 'autoJpg' | 'autoPng' | 'autoPngToJpg' | 'autoAnimatedWebp' | 'formatPreference'
>

/** Can the format depend on Accept at all? Then answers carry Vary. */
export function negotiates(settings: NegotiationSettings): boolean {
  return offered(settings, false).length > 0
}

/**
 * The formats tried for this client, in order: the part of the key of a result that comes from Accept. Nothing stands
 * behind a format that takes every picture, so that clients who differ only there share results; but for WebP where
 * animations, which the others do not hold, may become it. `autoJpg` is the filter of that name, which overrides
 * `autoPngToJpg` for one request.
 */
export function formatCandidates(
  accept: string | undefined,
  settings: NegotiationSettings,
  autoJpg: boolean | undefined,
): readonly Candidate[] {
  const offer = offered(settings, autoJpg ?? settings.autoPngToJpg)
  if (offer.length === 0) return offer
  const ranges = parseAccept(accept)
  const candidates = offer.filter((candidate) => candidate === 'png-to-jpeg' || accepts(ranges, candidate))
  const last = candidates.findIndex((candidate) => candidate === 'avif' || candidate === 'png')
  if (last < 0) return candidates
  return candidates.filter((candidate, at) => at <= last || (candidate === 'webp' && settings.autoAnimatedWebp))
}

/** What is switched on: the preference list alone, or the flags in thumbor's fixed order (`thumbor/handlers/__init__.py`). */
function offered(settings: NegotiationSettings, pngToJpeg: boolean): readonly Candidate[] {
  const { autoWebp, autoAvif, autoJpg, autoPng, formatPreference } = settings
  if (formatPreference.length > 0) return pngToJpeg ? [...formatPreference, 'png-to-jpeg'] : formatPreference
  const flags: readonly (readonly [boolean, Candidate])[] = [
    [autoWebp, 'webp'],
    [autoAvif, 'avif'],
    [pngToJpeg, 'png-to-jpeg'],
    [autoJpg, 'jpeg'],
    [autoPng, 'png'],
  ]
  return flags.flatMap(([isOn, candidate]) => (isOn ? [candidate] : []))
}

/** What a source without any wish comes out as: TIFF and SVG cannot be shown everywhere and become PNG (thumbor 7.4). */
const OWN_FORMAT: Readonly<Record<SourceFormat, OutputFormat>> = {
  jpeg: 'jpeg',
  png: 'png',
  webp: 'webp',
  gif: 'gif',
  avif: 'avif',
  tiff: 'png',
  svg: 'png',
}

/** Several pages of a TIFF are no animation. */
export function isAnimated({ format, pages }: Pick<SourceInfo, 'format' | 'pages'>): boolean {
  return pages > 1 && format !== 'tiff'
}

/** Whether an animation may be answered as animated WebP. */
export function becomesWebp(source: Pick<SourceInfo, 'format' | 'pages'>, settings: NegotiationSettings): boolean {
  const { autoAnimatedWebp, autoWebp, formatPreference } = settings
  const offersWebp = formatPreference.length > 0 ? formatPreference.includes('webp') : autoWebp
  return autoAnimatedWebp && offersWebp && source.format === 'gif' && isAnimated(source)
}

export interface NegotiationInput {
  readonly candidates: readonly Candidate[]
  /** The last format() filter, if one applies to this source. */
  readonly explicit: OutputFormat | undefined
  readonly source: Pick<SourceInfo, 'format' | 'pages'>
  /** Animations may become WebP, where that is a candidate. */
  readonly autoAnimatedWebp?: boolean
}

/** What the choice needs to know of the finished picture. */
export interface Outcome {
  readonly size: Size
  /** Any pixel is not opaque. */
  readonly transparent: boolean
}

/** An output format and what decided it: format(), a candidate, or that the source is animated or simply has it. */
export interface FormatChoice {
  readonly format: OutputFormat
  readonly by: 'filter' | 'accept' | 'png-to-jpeg' | 'animation' | 'source'
}

/** The format of `chooseFormat`. */
export function negotiateFormat(input: NegotiationInput, outcome: Outcome): OutputFormat {
  return chooseFormat(input, outcome).format
}

/**
 * Output format: format() wins, then the first candidate that can hold the finished picture, then the source's own.
 * Animations are not converted (`thumbor/handlers/__init__.py`, _resolve_auto_image_extension), or only to WebP.
 */
export function chooseFormat(input: NegotiationInput, outcome: Outcome): FormatChoice {
  const { candidates, explicit, source, autoAnimatedWebp } = input
  if (explicit) return { format: explicit, by: 'filter' }
  const own = OWN_FORMAT[source.format]
  if (isAnimated(source)) {
    const becomesWebp = autoAnimatedWebp && candidates.includes('webp') && canHold('webp', outcome)
    return becomesWebp ? { format: 'webp', by: 'accept' } : { format: own, by: 'animation' }
  }
  for (const candidate of candidates) {
    if (candidate === 'png-to-jpeg' && own !== 'png') continue
    const format = candidate === 'png-to-jpeg' ? 'jpeg' : candidate
    if (canHold(format, outcome)) return { format, by: candidate === 'png-to-jpeg' ? candidate : 'accept' }
  }
  return { format: own, by: 'source' }
}

function canHold(format: OutputFormat, { size, transparent }: Outcome): boolean {
  if (format === 'jpeg' && transparent) return false
  return Math.max(size.width, size.height) <= MAX_SIDE[format]
}

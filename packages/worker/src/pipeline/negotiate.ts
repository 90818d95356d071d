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
  'autoWebp' | 'autoAvif' | 'autoJpg' | 'autoPng' | 'autoPngToJpg' | 'formatPreference'
>

/** Can the format depend on Accept at all? Then answers carry Vary. */
export function negotiates(settings: NegotiationSettings): boolean {
  return offered(settings, false).length > 0
}

/**
 * The formats tried for this client, in order: the part of the key of a result that comes from Accept. Nothing stands
 * behind a format that takes every picture, so that clients who differ only there share results. `autoJpg` is the
 * filter of that name, which overrides `autoPngToJpg` for one request.
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
  return last < 0 ? candidates : candidates.slice(0, last + 1)
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

export interface NegotiationInput {
  readonly candidates: readonly Candidate[]
  /** The last format() filter, if one applies to this source. */
  readonly explicit: OutputFormat | undefined
  readonly source: Pick<SourceInfo, 'format' | 'pages'>
}

/** What the choice needs to know of the finished picture. */
export interface Outcome {
  readonly size: Size
  /** Any pixel is not opaque. */
  readonly transparent: boolean
}

/**
 * Output format: format() wins, then the first candidate that can hold the finished picture, then the source's own.
 * Animations are never converted (`thumbor/handlers/__init__.py`, _resolve_auto_image_extension).
 */
export function negotiateFormat({ candidates, explicit, source }: NegotiationInput, outcome: Outcome): OutputFormat {
  if (explicit) return explicit
  const own = OWN_FORMAT[source.format]
  if (isAnimated(source)) return own
  for (const candidate of candidates) {
    if (candidate === 'png-to-jpeg' && own !== 'png') continue
    const format = candidate === 'png-to-jpeg' ? 'jpeg' : candidate
    if (canHold(format, outcome)) return format
  }
  return own
}

function canHold(format: OutputFormat, { size, transparent }: Outcome): boolean {
  if (format === 'jpeg' && transparent) return false
  return Math.max(size.width, size.height) <= MAX_SIDE[format]
}

import type { OutputFormat, SourceFormat } from '../engine/image.ts'

/** The formats a client may be given instead of the source's own, in thumbor's fixed order. */
const NEGOTIABLE = ['webp', 'avif'] as const
export type Negotiable = (typeof NEGOTIABLE)[number]

// WebP cannot hold a longer side (libwebp's WEBP_MAX_DIMENSION).
const WEBP_MAX_SIDE = 16_383

/** Quality of the media range that matches `type`, as thumbor reads it (`thumbor/context.py`): exact, else `image/*`. */
function acceptedQuality(ranges: ReadonlyMap<string, number>, type: string): number {
  return ranges.get(type) ?? ranges.get('image/*') ?? 0
}

/** Splits outside double quotes; a quoted separator belongs to the text. */
function splitOutsideQuotes(text: string, separator: ',' | ';'): string[] {
  const parts: string[] = []
  let start = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (quoted && char === '\\') i++
    else if (char === '"') quoted = !quoted
    else if (char === separator && !quoted) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

/** A q-value as thumbor takes it: outside 0…1 or not a number counts as 0. */
function parseQuality(text: string): number {
  const value = /^\s*(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : Number.NaN
  return value >= 0 && value <= 1 ? value : 0
}

/**
 * Media ranges of an Accept header with their quality: types in lower case, the first parameter must be `q`
 * (otherwise the range is ignored), duplicates keep the highest (`thumbor/context.py`).
 */
export function parseAccept(header: string | undefined): ReadonlyMap<string, number> {
  const ranges = new Map<string, number>()
  if (!header) return ranges
  for (const range of splitOutsideQuotes(header, ',')) {
    const [rawType = '', first] = splitOutsideQuotes(range, ';')
    const type = rawType.trim().toLowerCase()
    if (type === '') continue
    let quality = 1
    if (first !== undefined) {
      const at = first.indexOf('=')
      if (at < 0 || first.slice(0, at).trim().toLowerCase() !== 'q') continue
      quality = parseQuality(first.slice(at + 1))
    }
    ranges.set(type, Math.max(quality, ranges.get(type) ?? 0))
  }
  return ranges
}

export interface NegotiationSettings {
  readonly autoWebp: boolean
  readonly autoAvif: boolean
}

/**
 * The switched-on formats this client accepts, in order; part of the key of a result, because the source's
 * own format is not known before it is fetched.
 */
export function acceptedFormats(accept: string | undefined, settings: NegotiationSettings): readonly Negotiable[] {
  if (!settings.autoWebp && !settings.autoAvif) return []
  const ranges = parseAccept(accept)
  return NEGOTIABLE.filter(
    (format) =>
      (format === 'webp' ? settings.autoWebp : settings.autoAvif) && acceptedQuality(ranges, `image/${format}`) > 0,
  )
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

export interface NegotiationInput {
  readonly accepted: readonly Negotiable[]
  /** The last format() filter, if one applies to this source. */
  readonly explicit: OutputFormat | undefined
  readonly source: {
    readonly format: SourceFormat
    readonly pages: number
    readonly width: number
    readonly height: number
  }
}

/** Output format: format() wins, then the first accepted one that can hold the picture, then the source's own. */
export function negotiateFormat({ accepted, explicit, source }: NegotiationInput): OutputFormat {
  if (explicit) return explicit
  if (source.pages > 1) return OWN_FORMAT[source.format]
  for (const format of accepted) {
    if (format === 'webp' && (source.width > WEBP_MAX_SIDE || source.height > WEBP_MAX_SIDE)) continue
    return format
  }
  return OWN_FORMAT[source.format]
}

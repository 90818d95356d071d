import { ImgsvcError } from '../errors.ts'
import type { Authority, ParsedUrl, UrlDialect } from './dialect.ts'
import { splitFilterCalls } from './filter-calls.ts'
import { quote, unquote } from './percent.ts'
import type { CropBox, HAlign, ImageRequest, Side, Trim, VAlign } from './request.ts'
import { formatThumbor } from './thumbor-format.ts'
import { readSegments, type Segments } from './thumbor-segments.ts'

/** What thumbor's own parser says of a path, in its words (`thumbor/context.py` RequestParameters). */
export interface ThumborFields {
  /** The signature, percent-decoded once. */
  readonly hash: string | null
  readonly unsafe: boolean
  readonly debug: boolean
  readonly meta: boolean
  readonly trim: Trim | null
  readonly crop: CropBox | null
  readonly should_crop: boolean
  readonly fit_in: boolean
  readonly adaptive: boolean
  readonly full: boolean
  readonly width: Side
  readonly height: Side
  readonly horizontal_flip: boolean
  readonly vertical_flip: boolean
  readonly halign: HAlign
  readonly valign: VAlign
  readonly smart: boolean
  /** The text of the filters segment, percent-decoded once. */
  readonly filters: string | null
  /** The image part, percent-decoded once. */
  readonly image: string
  /** The image part quoted again: the key of storages. */
  readonly image_url: string
}

/** Everything from the first `?` is ignored. */
function withoutQuery(rawPath: string): string {
  const mark = rawPath.indexOf('?')
  return mark < 0 ? rawPath : rawPath.slice(0, mark)
}

function segmentsOf(path: string): Segments {
  const segments = readSegments(path)
  if (!segments) throw new ImgsvcError('URL_NOT_FOUND', 'expected /SIGNATURE/OPTIONS/SOURCE')
  return segments
}

function fieldsOf(segments: Segments): ThumborFields {
  const { crop, fit, size } = segments
  const image = unquote(segments.image)
  return {
    hash: segments.hash === undefined ? null : unquote(segments.hash),
    unsafe: segments.unsafe,
    debug: segments.debug,
    meta: segments.meta,
    trim: segments.trim ?? null,
    crop: crop ?? null,
    should_crop: crop !== undefined && Object.values(crop).some((edge) => edge > 0),
    fit_in: fit !== undefined,
    adaptive: fit?.adaptive ?? false,
    full: fit?.full ?? false,
    width: size?.width ?? 0,
    height: size?.height ?? 0,
    horizontal_flip: size?.flipH ?? false,
    vertical_flip: size?.flipV ?? false,
    halign: segments.halign ?? 'center',
    valign: segments.valign ?? 'middle',
    smart: segments.smart,
    filters: segments.filters === undefined ? null : unquote(segments.filters),
    image,
    image_url: quote(image),
  }
}

function requestOf(fields: ThumborFields): ImageRequest {
  return {
    debug: fields.debug,
    meta: fields.meta,
    trim: fields.trim ?? undefined,
    crop: fields.crop ?? undefined,
    fitIn: fields.fit_in,
    adaptive: fields.adaptive,
    full: fields.full,
    width: fields.width,
    height: fields.height,
    flipH: fields.horizontal_flip,
    flipV: fields.vertical_flip,
    halign: fields.halign,
    valign: fields.valign,
    smart: fields.smart,
    filters: fields.filters === null ? [] : splitFilterCalls(fields.filters),
    source: fields.image_url,
  }
}

function authorityOf({ unsafe, hash }: ThumborFields): Authority {
  if (unsafe) return { kind: 'unsafe' }
  return hash === null ? { kind: 'none' } : { kind: 'signature', signature: hash }
}

/**
 * thumbor strips the signature only when it stands behind one slash, as its decoded text or quoted as Python quotes
 * (`handlers/imaging.py` _strip_url_signature_prefix). Otherwise the whole path is signed, which nobody can.
 */
function signedPathOf(path: string, segments: Segments, signature: string | null): string {
  if (signature === null) return path.slice(segments.optionsAt)
  const strips = path.startsWith('/') && (segments.hash === signature || segments.hash === quote(signature))
  return strips ? path.slice(segments.optionsAt) : path
}

/**
 * The fields of one path as received, query allowed and ignored. Throws URL_NOT_FOUND (empty, or with a line feed) and
 * URL_MALFORMED (escapes that are not UTF-8).
 */
export function parseThumborFields(rawPath: string): ThumborFields {
  return fieldsOf(segmentsOf(withoutQuery(rawPath)))
}

function parse(rawPath: string): ParsedUrl {
  const path = withoutQuery(rawPath)
  const segments = segmentsOf(path)
  const fields = fieldsOf(segments)
  return {
    request: requestOf(fields),
    authority: authorityOf(fields),
    signedPath: signedPathOf(path, segments, fields.hash),
  }
}

/** `/SIGNATURE/300x200/smart/filters:blur(4)/cats/1.jpg`; takes every path that is not empty (`libthumbor/url.py`). */
export const thumborDialect: UrlDialect = {
  name: 'thumbor',
  recognises: (rawPath) => readSegments(withoutQuery(rawPath)) !== undefined,
  parse,
  format: formatThumbor,
}

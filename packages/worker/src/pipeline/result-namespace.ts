import type { Config } from '@imgsvc/core/config/schema'
import { type AcceptedFormat, accepts, parseAccept } from './accept.ts'

/** thumbor's names of the formats it chooses by Accept, in its fixed order. */
const FORMATS = ['webp', 'avif', 'jpg', 'heif', 'png'] as const
type Format = (typeof FORMATS)[number]

/** What thumbor's settings say about automatic formats. */
export interface AutoFormats {
  readonly flags: ReadonlySet<Format>
  /** AUTO_IMAGE_FORMAT_PREFERENCE without what is no format; empty: the flags count. */
  readonly preference: readonly Format[]
  /** AUTO_PNG_TO_JPG. */
  readonly pngToJpg: boolean
}

/** Which of the results of one path a client gets, where that depends on its Accept header. */
export interface ResultNamespace {
  /** thumbor's directory: `default`, `auto_webp` or `auto_format_v1_…`. */
  readonly name: string
  /** No other rule than AUTO_WEBP was ever mixed into it: results of thumbor before 7.8 may be read. */
  readonly isPlain: boolean
  /** The client gets WebP unasked. */
  readonly webp: boolean
}

/** `thumbor/result_storages/file_storage.py` and `thumbor/context.py` (spec 13). `accepted` answers for the client. */
export function resultNamespace(auto: AutoFormats, accepted: (format: Format) => boolean): ResultNamespace {
  const { flags, preference, pngToJpg } = auto
  const webp = flags.has('webp') && accepted('webp')
  const isPlain = preference.length === 0 && !pngToJpg && [...flags].every((flag) => flag === 'webp')
  if (isPlain) return { name: webp ? 'auto_webp' : 'default', isPlain, webp }
  const mode = preference.length > 0 ? 'preference' : 'flags'
  const offered = preference.length > 0 ? preference : FORMATS.filter((format) => flags.has(format))
  const given = offered.filter(accepted)
  const formats = given.length > 0 ? given.join('-') : 'default'
  return { name: `auto_format_v1_${mode}_${pngToJpg ? 'png_to_jpg' : 'preserve'}_${formats}`, isPlain, webp }
}

type ImageSettings = Pick<
  Config['images'],
  'autoWebp' | 'autoAvif' | 'autoJpg' | 'autoPng' | 'autoPngToJpg' | 'formatPreference'
>

/** The same for a configuration and a request. */
export function namespaceOf(settings: ImageSettings, accept: string | undefined): ResultNamespace {
  const { autoWebp, autoAvif, autoJpg, autoPng, autoPngToJpg: pngToJpg, formatPreference } = settings
  const on = { webp: autoWebp, avif: autoAvif, jpg: autoJpg, heif: false, png: autoPng }
  const flags = new Set(FORMATS.filter((format) => on[format]))
  const preference = formatPreference.map((format) => (format === 'jpeg' ? 'jpg' : format))
  const ranges = parseAccept(accept)
  return resultNamespace({ flags, preference, pngToJpg }, (format) => accepts(ranges, formatOf(format)))
}

/** HEIF is not written here and so never offered; any answer would do. */
function formatOf(format: Format): AcceptedFormat {
  if (format === 'jpg') return 'jpeg'
  return format === 'heif' ? 'avif' : format
}

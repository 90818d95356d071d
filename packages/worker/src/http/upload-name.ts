import { quote, unquoteLossy } from '@imgsvc/core/url/percent'
import type { SourceFormat } from '../engine/image.ts'

const MAX_LENGTH = 100

/** What Python's `mimetypes` answers for the types of pictures, as thumbor asks it. */
const TYPE_EXTENSIONS: Readonly<Record<string, string>> = {
  'image/jpeg': '.jpg',
  'image/jpg': '.jpg',
  'image/png': '.png',
  'image/gif': '.gif',
  'image/webp': '.webp',
  'image/avif': '.avif',
  'image/tiff': '.tiff',
  'image/svg+xml': '.svg',
}
const FORMAT_EXTENSIONS: Readonly<Record<SourceFormat, string>> = {
  jpeg: '.jpg',
  png: '.png',
  gif: '.gif',
  webp: '.webp',
  avif: '.avif',
  tiff: '.tiff',
  svg: '.svg',
}

export interface UploadNaming {
  /** What the client calls the picture. */
  readonly given: string | undefined
  readonly contentType: string | undefined
  readonly format: SourceFormat
  /** `upload.defaultFilename` */
  readonly fallback: string
}

/**
 * The name behind the id in Location, as one quoted path segment. It has no meaning to the service: directories, control
 * characters and what is longer than 100 characters are dropped.
 */
export function uploadName({ given = '', contentType = '', format, fallback }: UploadNaming): string {
  const name = segment(given)
  if (name !== '') return quoted(name)
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return quoted(`${segment(fallback) || 'image'}${TYPE_EXTENSIONS[type] ?? FORMAT_EXTENSIONS[format]}`)
}

/** The Slug header as text: percent-encoded UTF-8 (RFC 5023 §9.7), which some clients send bare. */
export function slugOf(header: string | readonly string[] | undefined): string | undefined {
  // Node hands header bytes over as Latin-1.
  return typeof header === 'string' ? unquoteLossy(Buffer.from(header, 'latin1').toString('utf8')) : undefined
}

function segment(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? ''
  const clean = [...last.replace(/\p{C}/gu, '').trim()].slice(0, MAX_LENGTH).join('')
  return /^\.*$/.test(clean) ? '' : clean
}

function quoted(name: string): string {
  return quote(name).replaceAll('/', '%2F')
}

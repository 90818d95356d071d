import type { SourceFormat } from './image.ts'
import { sniff } from './sniff.ts'

const CONTENT_TYPES: Readonly<Record<SourceFormat, string>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  avif: 'image/avif',
  tiff: 'image/tiff',
  svg: 'image/svg+xml',
}

/** Media type by the first bytes; undefined for what is no picture imgsvc knows. */
export function contentTypeOf(bytes: Buffer): string | undefined {
  const format = sniff(bytes)
  return format && CONTENT_TYPES[format]
}

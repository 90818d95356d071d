import { type SourceFormat, VIDEO_TYPES } from './image.ts'
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

/** Media type by the first bytes, as thumbor tells it; undefined for what is neither a picture nor a video imgsvc knows. */
export function contentTypeOf(bytes: Buffer): string | undefined {
  const format = sniff(bytes)
  return format ? CONTENT_TYPES[format] : videoTypeOf(bytes)
}

// thumbor knows MP4 by the length of its first box as well, which is that of ffmpeg.
const MP4 = Buffer.from('\0\0\0\x20ftyp', 'latin1')
const WEBM = Buffer.from('\x1a\x45\xdf\xa3', 'latin1')
const HEIF = /^(?:hei[cxms]|mif1|msf1)$/

function videoTypeOf(bytes: Buffer): string | undefined {
  const begins = (magic: Buffer) => bytes.subarray(0, magic.length).equals(magic)
  if (begins(WEBM)) return VIDEO_TYPES.webm
  return begins(MP4) && !HEIF.test(bytes.toString('latin1', 8, 12)) ? VIDEO_TYPES.mp4 : undefined
}

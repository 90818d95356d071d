import { jpegSegments, pngChunks } from './file-parts.ts'
import type { SourceFormat } from './image.ts'
import { firstDirectory } from './tiff-directory.ts'

/**
 * Whether a file ends before its picture does, told from its structure alone: nothing is decoded. Only for formats
 * whose decoders fill up what is missing; the others refuse such a file.
 */
export function isTruncated(bytes: Buffer, format: SourceFormat): boolean {
  switch (format) {
    case 'jpeg':
      return isJpegTruncated(bytes)
    case 'png':
      return isPngTruncated(bytes)
    case 'gif':
      return isGifTruncated(bytes)
    case 'tiff':
      return isTiffTruncated(bytes)
    default:
      return false
  }
}

const JPEG_END = Buffer.from([0xff, 0xd9])

/** An end marker behind the last header: the pixels cannot hold one, but a preview inside the headers does. */
function isJpegTruncated(bytes: Buffer): boolean {
  if (bytes.at(-2) === 0xff && bytes.at(-1) === 0xd9) return false
  let pixels: number | undefined
  for (const { name, end } of jpegSegments(bytes)) if (name === 'da') pixels = end
  return pixels === undefined || bytes.lastIndexOf(JPEG_END) < pixels
}

/** Without IEND behind them pixels may be missing; a file may lack nothing but that, which then is a false alarm. */
function isPngTruncated(bytes: Buffer): boolean {
  for (const { name, end } of pngChunks(bytes)) {
    if (end + 4 > bytes.length) return true
    if (name === 'IEND') return false
  }
  return true
}

/** GIF89a: a trailer, or the end of the file between two blocks, which many programs leave it at. */
function isGifTruncated(bytes: Buffer): boolean {
  let at = 13 + colourTableSize(bytes[10])
  while (at < bytes.length) {
    const kind = bytes[at]
    if (kind === 0x3b) return false
    if (kind === 0x21) at += 2
    else if (kind === 0x2c) at += 11 + colourTableSize(bytes[at + 9])
    // Decoders stop at anything else as well.
    else return false
    for (let length = bytes[at]; length !== 0; length = bytes[at]) {
      if (length === undefined) return true
      at += length + 1
    }
    at++
  }
  return at > bytes.length
}

function colourTableSize(flags = 0): number {
  return flags & 0x80 ? 3 << ((flags & 7) + 1) : 0
}

// Offsets and lengths, bytes, of strips and of tiles.
const STRIPS = [
  [273, 279],
  [324, 325],
] as const

/** A strip or tile of the first page that lies behind the end. */
function isTiffTruncated(bytes: Buffer): boolean {
  const directory = firstDirectory(bytes)
  return STRIPS.some(([offsets, lengths]) => {
    const long = directory?.numbers(lengths) ?? []
    return directory?.numbers(offsets).some((offset, i) => offset + (long[i] ?? 0) > bytes.length)
  })
}

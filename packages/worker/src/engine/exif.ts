import { crc32 } from 'node:zlib'
import { type FilePart, jpegSegments, pngChunks, webpChunks } from './file-parts.ts'
import type { SourceFormat } from './image.ts'
import { firstDirectory } from './tiff-directory.ts'

const ORIENTATION = 0x0112
// Artist, Copyright, DateTime: what thumbor's PRESERVE_EXIF_COPYRIGHT_INFO keeps.
const RIGHTS = [0x013b, 0x8298, 0x0132] as const

// Two more bytes follow, NUL as a rule.
const PREFIX = 'Exif'
const PREFIX_LENGTH = 6

export interface ExifEdit {
  /** Leave nothing but who made the picture, whose it is, and when, and the orientation. */
  readonly rightsOnly: boolean
  /** Set the orientation to 1. */
  readonly upright: boolean
}

export interface EditedExif {
  /** A copy of the whole source. */
  readonly bytes: Buffer
  /** What is left of the block is what was asked for. */
  readonly complete: boolean
}

/**
 * A copy of a source whose EXIF block is changed so that the rest of it can be kept as it is: texts that pass through
 * sharp's own functions lose all but ASCII, and the orientation cannot be set by them at all. The small picture in the
 * block goes in any case, for it shows what was cut away. Undefined where there is no block, or none that can be changed
 * (AVIF). thumbor keeps a block it cannot read; here nothing of it passes for copyright.
 */
export function editedExif(
  bytes: Buffer,
  format: SourceFormat,
  { rightsOnly, upright }: ExifEdit,
): EditedExif | undefined {
  const parts = exifParts(bytes, format).filter(({ end }) => end <= bytes.length)
  if (parts.length === 0) return undefined
  const copy = Buffer.from(bytes)
  let found = 0
  for (const { start, end } of parts) {
    const block = withoutPrefix(copy.subarray(start, end))
    const directory = firstDirectory(block)
    if (directory) found++
    if (upright) directory?.setNumber(ORIENTATION, 1)
    // The pages of a TIFF are directories too, and its pixels would be cleared.
    if (format === 'tiff') continue
    if (!rightsOnly) directory?.cutNext()
    else if (directory) directory.keepOnly([ORIENTATION, ...RIGHTS])
    else block.fill(0)
    // The checksum of a PNG chunk covers its name and its content.
    if (format === 'png' && end + 4 <= copy.length) copy.writeUInt32BE(crc32(copy.subarray(start - 4, end)), end)
  }
  return { bytes: copy, complete: found > 0 && !(rightsOnly && format === 'tiff') }
}

/** Where EXIF lies. A file should have it once, but decoders differ on which one they take of several. */
function exifParts(bytes: Buffer, format: SourceFormat): Pick<FilePart, 'start' | 'end'>[] {
  switch (format) {
    case 'tiff':
      return [{ start: 0, end: bytes.length }]
    case 'jpeg':
      return [...jpegSegments(bytes)].filter(({ name, start }) => name === 'e1' && hasPrefix(bytes, start))
    case 'png':
      return [...pngChunks(bytes)].filter(({ name }) => name === 'eXIf')
    case 'webp':
      return [...webpChunks(bytes)].filter(({ name }) => name === 'EXIF')
    default:
      return []
  }
}

function hasPrefix(bytes: Buffer, at: number): boolean {
  return bytes.toString('latin1', at, at + PREFIX.length) === PREFIX
}

/** PNG and WebP go without it, though some programs write it there too. */
function withoutPrefix(block: Buffer): Buffer {
  return hasPrefix(block, 0) ? block.subarray(PREFIX_LENGTH) : block
}

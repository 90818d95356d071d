import type { Metadata } from 'sharp'
import type { SourceFormat } from './image.ts'
import { iptcSegment } from './iptc.ts'
import { jpegQuality } from './jpeg-quality.ts'
import { isTruncated } from './truncated.ts'

/** How a source was written, where the result may be written alike, and what of its metadata may go along. */
export interface SourceDetails {
  /** The file ends before its picture; decoders fill up what is missing. */
  readonly truncated?: true
  /** Colours are stored by number, or black and white as single bits. */
  readonly palette?: 'indexed' | 'bilevel'
  /** JPEG: colour is stored as finely as brightness, or at half its width, mostly half its height too. */
  readonly chroma?: '4:4:4' | '4:2:0'
  /** An EXIF block is in the file, readable or not. */
  readonly exif?: true
  /** JPEG, when asked for: 1 to 100. */
  readonly quality?: number
  /** JPEG, when asked for and there: a whole segment. */
  readonly iptc?: Buffer
}

/** What of it takes some reading and is wanted only by some configurations. */
export interface DetailsWanted {
  readonly keepQuality?: boolean
  readonly preserveIptc?: boolean
}

/** Reads the details of a source from its bytes and from what sharp says of its header. */
export function detailsOf(
  bytes: Buffer,
  format: SourceFormat,
  metadata: Metadata,
  wanted: DetailsWanted,
): SourceDetails {
  const isJpeg = format === 'jpeg'
  const quality = isJpeg && wanted.keepQuality ? jpegQuality(bytes) : undefined
  const iptc = isJpeg && wanted.preserveIptc ? iptcSegment(bytes) : undefined
  const palette = paletteOf(format, metadata)
  return {
    ...(isTruncated(bytes, format) ? { truncated: true } : {}),
    ...(palette ? { palette } : {}),
    ...(isJpeg ? { chroma: metadata.chromaSubsampling?.startsWith('4:4:4') ? '4:4:4' : '4:2:0' } : {}),
    ...(metadata.exif ? { exif: true } : {}),
    ...(quality === undefined ? {} : { quality }),
    ...(iptc ? { iptc } : {}),
  }
}

/** GIF always has a palette; what is made of one says so by its own format. */
function paletteOf(format: SourceFormat, { isPalette, bitsPerSample }: Metadata): SourceDetails['palette'] {
  if (format !== 'png' && format !== 'tiff') return undefined
  if (isPalette) return 'indexed'
  return bitsPerSample === 1 ? 'bilevel' : undefined
}

import type { Sharp } from 'sharp'
import type { OutputFormat } from './image.ts'

// Measured at 600 × 400: effort 7, sharp's own choice, takes 0.9 s; 3 takes 0.16 s for 13 % more bytes.
const GIF_EFFORT = 3

/** How a finished picture is written. */
export interface Encoding {
  readonly format: OutputFormat
  /** Size to squeeze JPEG and WebP under, bytes. */
  readonly maxBytes: number | undefined
  /** 1 to 100; PNG and GIF have none. */
  readonly quality: number
  readonly progressiveJpeg: boolean
  readonly pngLevel: number
  readonly webpEffort: number
  readonly avifEffort: number
}

/** Adds the encoder to a pipeline. JPEG drops alpha, hidden colours and all, as thumbor does: it never flattens. */
export function encodeAs(image: Sharp, encoding: Encoding, quality = encoding.quality): Sharp {
  switch (encoding.format) {
    case 'jpeg':
      return image.removeAlpha().jpeg({ quality, progressive: encoding.progressiveJpeg, optimiseCoding: true })
    case 'png':
      return image.png({ compressionLevel: encoding.pngLevel })
    case 'webp':
      return image.webp({ quality, effort: encoding.webpEffort, lossless: quality === 100 })
    case 'avif':
      return image.avif({ quality, effort: encoding.avifEffort, chromaSubsampling: '4:2:0' })
    case 'gif':
      return image.gif({ effort: GIF_EFFORT })
  }
}

/** What of the source's metadata goes into the result. */
export interface Metadata {
  /** Keep the ICC profile and leave the numbers as they are; otherwise colours are converted to sRGB. */
  readonly icc: boolean
  readonly exif: boolean
  /** The picture was turned by its EXIF orientation, which therefore becomes 1. */
  readonly upright: boolean
}

/**
 * Adds what is kept of the metadata to a pipeline that began with the source. sharp rewrites the orientation only
 * together with all metadata and a conversion to sRGB, so XMP and IPTC come along with EXIF in that case.
 */
export function keepMetadata(image: Sharp, { icc, exif, upright }: Metadata): Sharp {
  if (exif && upright) return image.withMetadata({ orientation: 1 })
  const profiled = icc ? image.keepIccProfile() : image
  return exif ? profiled.keepExif() : profiled
}

/** Longest side each encoder can write, px. */
export const MAX_SIDE: Readonly<Record<OutputFormat, number>> = {
  jpeg: 65_535,
  gif: 65_535,
  webp: 16_383,
  avif: 16_384,
  // libvips refuses longer sides of any picture (VIPS_MAX_COORD).
  png: 10_000_000,
}

const SEARCH_FACTOR = 0.75
const LEAST_QUALITY = 10

/** The qualities tried, one after another, to bring a picture under max_bytes (`thumbor/handlers/__init__.py`). */
export function* fallingQualities(first: number): Generator<number> {
  for (let quality = Math.trunc(first * SEARCH_FACTOR); quality >= LEAST_QUALITY; ) {
    yield quality
    quality = Math.trunc(quality * SEARCH_FACTOR)
  }
}

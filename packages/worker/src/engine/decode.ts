import { ImgsvcError } from '@imgsvc/core/errors'
import sharp, { type Metadata, type Sharp } from 'sharp'
import type { SourceFormat, SourceInfo } from './image.ts'
import { sniff } from './sniff.ts'
import { svgDensity } from './svg-density.ts'

/** What libvips calls the formats that `sniff` finds. */
const VIPS_NAMES: Readonly<Record<SourceFormat, string>> = {
  jpeg: 'jpeg',
  png: 'png',
  webp: 'webp',
  gif: 'gif',
  avif: 'heif',
  tiff: 'tiff',
  svg: 'svg',
}

// CMYK with alpha. TIFF files with thousands of bands have crashed decoders (CVE-2026-69242).
const MAX_CHANNELS = 5

const DEFAULT_SVG_DPI = 150

export interface ProbeLimits {
  /** Largest width × height, px. */
  readonly maxPixels: number
  /** Resolution for inches and the like in SVG. */
  readonly svgDpi?: number
}

/**
 * Reads the header of a source; no pixels are decoded. Throws SOURCE_UNDECODABLE for anything that is not one of the
 * source formats or whose header is broken, and SOURCE_TOO_MANY_PIXELS by the size of one frame.
 */
export async function probe(bytes: Buffer, limits: ProbeLimits): Promise<SourceInfo> {
  const format = sniff(bytes)
  if (!format) throw new ImgsvcError('SOURCE_UNDECODABLE', 'its first bytes are not those of a supported image format')
  const density = format === 'svg' ? svgDensity(bytes, limits.svgDpi ?? DEFAULT_SVG_DPI) : undefined
  const metadata = await readHeader(bytes, format, density)
  const { width, height } = metadata
  if (width * height > limits.maxPixels) {
    throw new ImgsvcError('SOURCE_TOO_MANY_PIXELS', `${width}x${height} is more than ${limits.maxPixels} px`)
  }
  const orientation = metadata.orientation ?? 1
  return {
    format,
    width,
    height,
    orientation: orientation >= 1 && orientation <= 8 ? orientation : 1,
    hasAlpha: metadata.hasAlpha,
    pages: metadata.pages ?? 1,
    space: metadata.space === 'cmyk' ? 'cmyk' : metadata.channels < 3 ? 'gray' : 'rgb',
    hasProfile: metadata.hasProfile,
    ...(density === undefined ? {} : { density }),
  }
}

async function readHeader(bytes: Buffer, format: SourceFormat, density: number | undefined): Promise<Metadata> {
  let metadata: Metadata
  try {
    // The pixel limit is checked by the caller: it has to answer with another code than a broken header.
    metadata = await sharp(bytes, {
      failOn: 'none',
      limitInputPixels: false,
      ...(density ? { density } : {}),
    }).metadata()
  } catch (error) {
    throw new ImgsvcError('SOURCE_UNDECODABLE', `its ${format} header cannot be read`, { cause: error })
  }
  const mismatch = metadata.format !== VIPS_NAMES[format] || (format === 'avif' && metadata.compression !== 'av1')
  if (mismatch) throw new ImgsvcError('SOURCE_UNDECODABLE', `it begins like ${format} but holds ${metadata.format}`)
  if (metadata.channels > MAX_CHANNELS) {
    throw new ImgsvcError(
      'SOURCE_UNDECODABLE',
      `it has ${metadata.channels} channels; at most ${MAX_CHANNELS} are read`,
    )
  }
  return metadata
}

/**
 * A pipeline that decodes a probed source when it runs. Damaged files give what can be read, as thumbor does; the
 * rest of the picture is one colour, never uninitialised memory. Animations give their first frame.
 */
export function open(bytes: Buffer, source: SourceInfo): Sharp {
  return sharp(bytes, {
    failOn: 'none',
    // Decoders are told again: a file may say one thing in its header and another in its frames.
    limitInputPixels: source.width * source.height,
    ...(source.density ? { density: source.density } : {}),
  })
}

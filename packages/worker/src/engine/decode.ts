import { ImgsvcError } from '@imgsvc/core/errors'
import sharp, { type Metadata, type Sharp } from 'sharp'
import { type DetailsWanted, detailsOf } from './details.ts'
import type { Animation, SourceFormat, SourceInfo } from './image.ts'
import { foreignFormat, sniff } from './sniff.ts'
import { svgDensity } from './svg-density.ts'
import { checkSvg } from './svg-limits.ts'

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

export interface ProbeLimits extends DetailsWanted {
  /** Largest width × height, px. */
  readonly maxPixels: number
  /** Resolution for inches and the like in SVG. */
  readonly svgDpi?: number
  /** Whether all frames of these formats are shown, or the first alone. */
  readonly animatedGif?: boolean
  readonly animatedWebp?: boolean
}

/**
 * Reads the header of a source; no pixels are decoded. Throws SOURCE_UNSUPPORTED for formats that are known but not
 * decoded, SOURCE_UNDECODABLE for anything else that is no picture or whose header is broken, and
 * SOURCE_TOO_MANY_PIXELS by the size of one frame.
 */
export async function probe(bytes: Buffer, limits: ProbeLimits): Promise<SourceInfo> {
  const format = sniff(bytes)
  if (!format) throw unknownFormat(bytes)
  if (format === 'svg') checkSvg(bytes)
  const density = format === 'svg' ? svgDensity(bytes, limits.svgDpi ?? DEFAULT_SVG_DPI) : undefined
  const metadata = await readHeader(bytes, format, density)
  const { width, height } = metadata
  if (width * height > limits.maxPixels) {
    throw new ImgsvcError('SOURCE_TOO_MANY_PIXELS', `${width}x${height} is more than ${limits.maxPixels} px`)
  }
  const orientation = metadata.orientation ?? 1
  const animation = isKept(format, limits) ? animationOf(metadata) : undefined
  return {
    format,
    width,
    height,
    orientation: orientation >= 1 && orientation <= 8 ? orientation : 1,
    hasAlpha: metadata.hasAlpha,
    pages: animation?.delays.length ?? 1,
    ...(animation ? { animation } : {}),
    space: metadata.space === 'cmyk' ? 'cmyk' : metadata.channels < 3 ? 'gray' : 'rgb',
    hasProfile: metadata.hasProfile,
    ...(density === undefined ? {} : { density }),
    ...detailsOf(bytes, format, metadata, limits),
  }
}

/** Pages of a TIFF are no animation; libvips shows the first frame of an APNG and of an AVIF sequence only. */
function isKept(format: SourceFormat, { animatedGif, animatedWebp }: ProbeLimits): boolean {
  return (format === 'gif' && animatedGif === true) || (format === 'webp' && animatedWebp === true)
}

function animationOf({ pages = 1, delay = [], loop = 0 }: Metadata): Animation | undefined {
  return pages > 1 ? { delays: Array.from({ length: pages }, (_, i) => delay[i] ?? 0), loop } : undefined
}

function unknownFormat(bytes: Buffer): ImgsvcError {
  const name = foreignFormat(bytes)
  return name
    ? new ImgsvcError('SOURCE_UNSUPPORTED', `it is ${name}; expected JPEG, PNG, WebP, GIF, AVIF, TIFF or SVG`)
    : new ImgsvcError('SOURCE_UNDECODABLE', 'its first bytes are not those of a supported image format')
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
  if (metadata.format !== VIPS_NAMES[format]) {
    throw new ImgsvcError('SOURCE_UNDECODABLE', `it begins like ${format} but holds ${metadata.format}`)
  }
  if (metadata.channels > MAX_CHANNELS) {
    throw new ImgsvcError(
      'SOURCE_UNDECODABLE',
      `it has ${metadata.channels} channels; at most ${MAX_CHANNELS} are read`,
    )
  }
  return metadata
}

/** Some frames of an animation that follow each other. */
export interface FrameRange {
  readonly first: number
  readonly count: number
}

/**
 * A pipeline that decodes a probed source when it runs. Damaged files give what can be read, as thumbor does; the
 * rest of the picture is one colour, never uninitialised memory. Animations give their first frame, or the ones in
 * `frames`, one below the other, each with what was disposed of and left standing before it.
 */
export function open(bytes: Buffer, source: SourceInfo, frames?: FrameRange): Sharp {
  return sharp(bytes, {
    failOn: 'none',
    // Decoders are told again: a file may say one thing in its header and another in its frames.
    limitInputPixels: source.width * source.height * (frames?.count ?? 1),
    ignoreIcc: !source.hasProfile,
    ...(source.density ? { density: source.density } : {}),
    ...(frames ? { page: frames.first, pages: frames.count } : {}),
  })
}

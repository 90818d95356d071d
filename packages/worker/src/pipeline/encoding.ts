import type { Config } from '@imgsvc/core/config/schema'
import type { Chroma, Encoding } from '../engine/encode.ts'
import type { OutputFormat, SourceInfo } from '../engine/image.ts'
import type { Metadata } from '../engine/metadata.ts'
import type { Settings } from '../filters/filter.ts'

type Images = Config['images']

// What mozjpeg itself takes; table 0 is that of libjpeg.
const MOZJPEG_TABLE = 3
// AVIF at 9 takes many seconds for nothing more.
const MOST_EFFORT = { png: 9, webp: 6, avif: 4 } as const

/** How a finished picture is written in this format. */
export function encodingFor(format: OutputFormat, settings: Settings, images: Images, source: SourceInfo): Encoding {
  const wants = (name: Images['optimizers'][number]) => images.optimizers.includes(name)
  const mostEffort = wants('effort')
  const mozjpeg = wants('mozjpeg')
  return {
    format,
    maxBytes: format === 'jpeg' || format === 'webp' ? settings.maxBytes : undefined,
    quality: qualityFor(format, settings, images, source),
    progressiveJpeg: images.progressiveJpeg,
    jpegChroma: jpegChroma(images, source),
    jpegQuantTable: mozjpeg && images.jpegQuantTable === 0 ? MOZJPEG_TABLE : images.jpegQuantTable,
    jpegTrellis: mozjpeg,
    mostEffort,
    pngLevel: mostEffort ? MOST_EFFORT.png : images.pngLevel,
    colours: (images.preservePalette ? coloursOf(source) : undefined) ?? (wants('palette') ? 256 : undefined),
    webpEffort: mostEffort ? MOST_EFFORT.webp : images.webpEffort,
    avifEffort: mostEffort ? Math.max(MOST_EFFORT.avif, images.avifEffort) : images.avifEffort,
    avifChroma: images.avifSubsampling,
    segment: settings.stripExif ? undefined : source.iptc,
  }
}

/** quality() before what the source was written with, before the quality of the format, before the general one. */
function qualityFor(format: OutputFormat, settings: Settings, images: Images, source: SourceInfo): number {
  if (settings.quality !== undefined) return settings.quality
  if (format === 'jpeg' && images.keepQuality && source.quality !== undefined) return source.quality
  const ofFormat = format === 'webp' ? images.webpQuality : format === 'avif' ? images.avifQuality : undefined
  return ofFormat ?? images.quality
}

function jpegChroma({ jpegSubsampling }: Images, { chroma }: SourceInfo): Chroma {
  return jpegSubsampling === 'keep' ? (chroma ?? '4:2:0') : jpegSubsampling
}

function coloursOf({ palette }: SourceInfo): number | undefined {
  if (palette === undefined) return undefined
  return palette === 'bilevel' ? 2 : 256
}

/**
 * What of the source's metadata the result carries. A profile is kept only where the numbers are those it is about:
 * CMYK and gray are converted, and so is every picture that passes pixel filters or max_bytes.
 */
export function metadataFor(source: SourceInfo, isUpright: boolean, settings: Settings, images: Images): Metadata {
  // strip_exif() is the client's; that the rights stay is the operator's.
  const rights = images.preserveCopyright ? 'rights' : undefined
  return {
    icc: source.hasProfile && source.space === 'rgb' && !settings.stripIcc && images.colourProfile === 'keep',
    exif: images.preserveExif && !settings.stripExif ? 'whole' : rights,
    xmp: images.preserveXmp && !settings.stripExif,
    upright: isUpright,
  }
}

/**
 * The source as it is to be decoded: with `colourProfile: strip` as if it had no profile, so that its numbers are
 * taken as sRGB. Those of CMYK mean nothing without one.
 */
export function decodedSource(source: SourceInfo, { colourProfile }: Images): SourceInfo {
  return colourProfile === 'strip' && source.space !== 'cmyk' ? { ...source, hasProfile: false } : source
}

import type { Config } from '@imgsvc/core/config/schema'
import type { Chroma, Encoding } from '../engine/encode.ts'
import type { OutputFormat, SourceInfo } from '../engine/image.ts'
import type { Metadata } from '../engine/metadata.ts'
import type { Settings } from '../filters/filter.ts'

type Images = Config['images']

/** How a finished picture is written in this format. */
export function encodingFor(format: OutputFormat, settings: Settings, images: Images, source: SourceInfo): Encoding {
  return {
    format,
    maxBytes: format === 'jpeg' || format === 'webp' ? settings.maxBytes : undefined,
    quality: qualityFor(format, settings, images, source),
    progressiveJpeg: images.progressiveJpeg,
    jpegChroma: jpegChroma(images, source),
    jpegQuantTable: images.jpegQuantTable,
    pngLevel: images.pngLevel,
    colours: images.preservePalette ? coloursOf(source) : undefined,
    webpEffort: images.webpEffort,
    avifEffort: images.avifEffort,
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
  const rights = images.preserveCopyright ? 'rights' : undefined
  return {
    icc: source.hasProfile && source.space === 'rgb' && !settings.stripIcc && images.colourProfile === 'keep',
    exif: settings.stripExif ? undefined : images.preserveExif ? 'whole' : rights,
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

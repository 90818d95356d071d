import type { Sharp } from 'sharp'
import type { Animation, OutputFormat } from './image.ts'
import { insertSegment } from './iptc.ts'

// Measured at 600 × 400: effort 7, sharp's own choice, takes 0.9 s; 3 takes 0.16 s for 13 % more bytes.
const GIF_EFFORT = 3
const MOST_GIF_EFFORT = 7

/** How a finished picture is written. */
export interface Encoding {
  readonly format: OutputFormat
  /** Size to squeeze JPEG and WebP under, bytes. */
  readonly maxBytes: number | undefined
  /** 1 to 100; PNG and GIF have none. */
  readonly quality: number
  readonly progressiveJpeg: boolean
  readonly jpegChroma: Chroma
  /** One of mozjpeg's tables, 0 (libjpeg's own) to 8. */
  readonly jpegQuantTable: number
  /** mozjpeg's way to make files smaller: trellis quantisation, deringing, and the best scans where progressive. */
  readonly jpegTrellis?: boolean
  /** Of PNG palettes and GIF: as much CPU as pays. */
  readonly mostEffort?: boolean
  readonly pngLevel: number
  /** Most colours of a PNG or GIF with a palette; undefined: PNG has none, GIF 256. */
  readonly colours: number | undefined
  readonly webpEffort: number
  readonly avifEffort: number
  readonly avifChroma: Chroma
  /** JPEG: a segment to put into the file. */
  readonly segment: Buffer | undefined
  /** Of the frames, where there are several: GIF and WebP only. */
  readonly animation?: Animation | undefined
}

/** Colour as fine as brightness, or at half its width and height. */
export type Chroma = '4:4:4' | '4:2:0'

/** Adds the encoder to a pipeline. JPEG drops alpha, hidden colours and all, as thumbor does: it never flattens. */
export function encodeAs(image: Sharp, encoding: Encoding, quality = encoding.quality): Sharp {
  switch (encoding.format) {
    case 'jpeg':
      return image.removeAlpha().jpeg({
        quality,
        progressive: encoding.progressiveJpeg,
        optimiseCoding: true,
        chromaSubsampling: encoding.jpegChroma,
        quantisationTable: encoding.jpegQuantTable,
        ...(encoding.jpegTrellis && {
          trellisQuantisation: true,
          overshootDeringing: true,
          optimiseScans: encoding.progressiveJpeg,
        }),
      })
    case 'png':
      return image.png({ compressionLevel: encoding.pngLevel, ...paletteOf(encoding) })
    case 'webp':
      return image.webp({ quality, effort: encoding.webpEffort, lossless: quality === 100, ...timing(encoding) })
    case 'avif':
      return image.avif({ quality, effort: encoding.avifEffort, chromaSubsampling: encoding.avifChroma })
    case 'gif':
      return image.gif({
        effort: encoding.mostEffort ? MOST_GIF_EFFORT : GIF_EFFORT,
        colours: encoding.colours ?? 256,
        keepDuplicateFrames: true,
        ...timing(encoding),
      })
  }
}

// Both formats count in 16 bits.
const LONGEST_DELAY = 65_535
const MOST_LOOPS = 65_535

function timing({ animation }: Encoding) {
  if (!animation) return {}
  const delay = animation.delays.map((ms) => Math.min(ms, LONGEST_DELAY))
  return { delay, loop: Math.min(animation.loop, MOST_LOOPS) }
}

// Below 4 libimagequant changes colours even where they all fit; 7, sharp's own choice, takes 137 ms instead of 49 for
// 300 × 200 and saves 3 %.
const PALETTE_EFFORT = 4
const MOST_PALETTE_EFFORT = 10

function paletteOf({ colours, mostEffort }: Encoding) {
  const effort = mostEffort ? MOST_PALETTE_EFFORT : PALETTE_EFFORT
  return colours === undefined ? {} : { palette: true, colours, effort }
}

/** What the encoder wrote, with what it cannot write itself. */
export function finish(data: Buffer, { format, segment }: Encoding): Buffer {
  return segment && format === 'jpeg' ? insertSegment(data, segment) : data
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

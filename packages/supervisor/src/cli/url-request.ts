import { ImgsvcError } from '@imgsvc/core/errors'
import { type ImageOptions, imageRequest } from '@imgsvc/core/url/image-options'
import type { CropBox, HAlign, ImageRequest, Side, VAlign } from '@imgsvc/core/url/request'

/** Flags of `imgsvc url`, as typed. */
export interface UrlFlags {
  /** As in a URL: `%20` is a space; anything else may be written plainly. */
  readonly source: string
  /** Both sides: `300x200`. */
  readonly size?: string | undefined
  readonly width?: string | undefined
  readonly height?: string | undefined
  readonly crop?: string | undefined
  readonly trim?: string | undefined
  readonly filters?: readonly string[] | undefined
  readonly fitIn?: boolean | undefined
  readonly adaptive?: boolean | undefined
  readonly full?: boolean | undefined
  readonly smart?: boolean | undefined
  readonly flipH?: boolean | undefined
  readonly flipV?: boolean | undefined
  readonly halign?: HAlign | undefined
  readonly valign?: VAlign | undefined
  readonly meta?: boolean | undefined
  readonly debug?: boolean | undefined
}

/** The request those flags describe. Throws a sentence naming the flag that cannot be read. */
export function urlRequest(flags: UrlFlags): ImageRequest {
  const { source, fitIn, adaptive, full, smart, halign, valign, meta, debug } = flags
  const sides = readSize(flags)
  const width = readSide('--width', sides.width)
  const height = readSide('--height', sides.height)
  const options: ImageOptions = {
    ...{ source, fitIn, adaptive, full, smart, halign, valign, meta, debug },
    width: width.side,
    height: height.side,
    flipH: width.isFlipped !== (flags.flipH ?? false),
    flipV: height.isFlipped !== (flags.flipV ?? false),
    trim: flags.trim === undefined ? undefined : readTrim(flags.trim),
    crop: flags.crop === undefined ? undefined : readCrop(flags.crop),
    filters: flags.filters,
  }
  try {
    return imageRequest(options)
  } catch (error) {
    // What is left to be wrong are the source and the filters.
    if (!(error instanceof ImgsvcError) || error.detail === undefined) throw error
    throw new Error(error.detail.replace(/^filters: /, '--filters: '), { cause: error })
  }
}

function readSize({ size, width, height }: UrlFlags): Pick<UrlFlags, 'width' | 'height'> {
  if (size === undefined) return { width, height }
  if (width !== undefined || height !== undefined) throw new Error('--size: expected without --width and --height')
  const match = /^(-?(?:\d{1,7}|orig)?)x(-?(?:\d{1,7}|orig)?)$/.exec(size)
  if (!match) throw new Error(`--size: expected WIDTHxHEIGHT such as 300x200, 300x or -300xorig, got "${size}"`)
  // A side that is left out, or is only mirrored, follows from the other.
  const [across = '', down = ''] = match.slice(1).map((side) => (side === '' || side === '-' ? `${side}0` : side))
  return { width: across, height: down }
}

function readSide(flag: string, text = '0'): { readonly side: Side; readonly isFlipped: boolean } {
  const match = /^(-?)(\d{1,7}|orig)$/.exec(text)
  if (!match) throw new Error(`${flag}: expected px such as 300, -300 (mirrored) or orig, got "${text}"`)
  return { side: match[2] === 'orig' ? 'orig' : Number(match[2]), isFlipped: match[1] === '-' }
}

function readCrop(text: string): CropBox {
  const match = /^(\d{1,7})x(\d{1,7}):(\d{1,7})x(\d{1,7})$/.exec(text)
  if (!match) throw new Error(`--crop: expected LEFTxTOP:RIGHTxBOTTOM in px such as 10x20:300x400, got "${text}"`)
  const [left = 0, top = 0, right = 0, bottom = 0] = match.slice(1).map(Number)
  return { left, top, right, bottom }
}

function readTrim(text: string): ImageOptions['trim'] {
  const match = /^(top-left|bottom-right)?(?::?(\d{1,4}))?$/.exec(text)
  if (!match) throw new Error(`--trim: expected top-left or bottom-right, with :TOLERANCE if wanted, got "${text}"`)
  const [, corner, tolerance] = match
  return {
    corner: corner as 'top-left' | 'bottom-right' | undefined,
    tolerance: tolerance === undefined ? undefined : Number(tolerance),
  }
}

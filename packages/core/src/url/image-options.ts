import { ImgsvcError } from '../errors.ts'
import { splitFilterCalls } from './filter-calls.ts'
import { quote, unquote } from './percent.ts'
import type { CropBox, FilterCall, HAlign, ImageRequest, Side, Trim, VAlign } from './request.ts'

/** What a picture should be like, as a web developer writes it; lengths in px. */
export interface ImageOptions {
  /** Path or address of the original. Percent escapes are understood: `%20` is a space, `%25` a percent sign. */
  readonly source: string
  /** 0 or absent follows from the other side; `orig` is the side of the source; negative mirrors. */
  readonly width?: Side | undefined
  readonly height?: Side | undefined
  /** Cut this box out of the source first. */
  readonly crop?: CropBox | undefined
  /** Cut a border of one colour away, the colour of this corner; `tolerance` is how far a pixel may differ from it. */
  readonly trim?:
    | boolean
    | { readonly corner?: 'top-left' | 'bottom-right' | undefined; readonly tolerance?: number | undefined }
    | undefined
  /** Fit into the size instead of cutting to it. */
  readonly fitIn?: boolean | undefined
  /** Fit in, with the sides exchanged if that makes the picture larger. */
  readonly adaptive?: boolean | undefined
  /** Fit in so that the size is covered. */
  readonly full?: boolean | undefined
  readonly flipH?: boolean | undefined
  readonly flipV?: boolean | undefined
  readonly halign?: HAlign | undefined
  readonly valign?: VAlign | undefined
  /** Cut around what matters. */
  readonly smart?: boolean | undefined
  /** Calls such as `blur(4)`, in the order they act; one text may hold several: `blur(4):quality(80)`. */
  readonly filters?: string | readonly string[] | undefined
  /** Facts about the picture as JSON instead of the picture. */
  readonly meta?: boolean | undefined
  readonly debug?: boolean | undefined
}

/** The request these options describe. Throws URL_MALFORMED naming the option that cannot be read. */
export function imageRequest(options: ImageOptions): ImageRequest {
  const { source, adaptive = false, full = false } = options
  if (typeof source !== 'string' || source === '') throw wrong('source', 'the path or address of a picture', source)
  const width = readSide('width', options.width)
  const height = readSide('height', options.height)
  return {
    debug: options.debug === true,
    meta: options.meta === true,
    trim: readTrim(options.trim),
    crop: options.crop && readCrop(options.crop),
    // In the URL these two are words in front of fit-in.
    fitIn: options.fitIn === true || adaptive || full,
    adaptive,
    full,
    width: width.side,
    height: height.side,
    flipH: width.isFlipped !== (options.flipH === true),
    flipV: height.isFlipped !== (options.flipV === true),
    halign: oneOf('halign', options.halign ?? 'center', ['left', 'center', 'right']),
    valign: oneOf('valign', options.valign ?? 'middle', ['top', 'middle', 'bottom']),
    smart: options.smart === true,
    filters: readFilters(options.filters ?? []),
    source: quote(unquote(source)),
  }
}

function readSide(option: string, side: Side = 0): { readonly side: Side; readonly isFlipped: boolean } {
  if (side === 'orig') return { side, isFlipped: false }
  if (!Number.isSafeInteger(side)) throw wrong(option, 'a whole number of px, or orig', side)
  return { side: Math.abs(side), isFlipped: side < 0 }
}

function readCrop({ left, top, right, bottom }: CropBox): CropBox {
  for (const [name, value] of Object.entries({ left, top, right, bottom })) {
    if (!Number.isSafeInteger(value) || value < 0) throw wrong(`crop.${name}`, 'a whole number of px, 0 or more', value)
  }
  return { left, top, right, bottom }
}

function readTrim(trim: ImageOptions['trim']): Trim | undefined {
  if (trim === undefined || trim === false) return undefined
  const { corner, tolerance } = trim === true ? {} : trim
  const pos = oneOf('trim.corner', corner ?? 'top-left', ['top-left', 'bottom-right'])
  if (tolerance !== undefined && (!Number.isSafeInteger(tolerance) || tolerance < 0)) {
    throw wrong('trim.tolerance', 'a whole number, 0 or more', tolerance)
  }
  if (tolerance !== undefined) return { raw: `trim:${pos}:${tolerance}`, pos, tolerance }
  // A tolerance can only be written behind a corner, a corner may be left out.
  return { raw: corner === undefined ? 'trim' : `trim:${pos}`, pos, tolerance: 0 }
}

function readFilters(filters: string | readonly string[]): readonly FilterCall[] {
  const texts = typeof filters === 'string' ? [filters] : filters
  return texts
    .filter((text) => text !== '')
    .flatMap((text) => {
      if (typeof text === 'string' && /^[^()]+\(.*\)$/s.test(text)) return splitFilterCalls(text)
      throw wrong('filters', 'calls such as blur(4):quality(80)', text)
    })
}

function oneOf<const T extends string>(option: string, value: string, words: readonly T[]): T {
  const word = words.find((one) => one === value)
  if (word === undefined) throw wrong(option, words.join(', '), value)
  return word
}

function wrong(option: string, expected: string, got: unknown): ImgsvcError {
  return new ImgsvcError('URL_MALFORMED', `${option}: expected ${expected}, got ${shown(got)}`)
}

/** JSON where there is one: a caller without types may pass anything. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
  return typeof value === 'object' ? 'an object' : String(value)
}

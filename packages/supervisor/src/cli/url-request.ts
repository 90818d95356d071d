import { splitFilterCalls } from '@imgsvc/core/url/filter-calls'
import { quote, unquote } from '@imgsvc/core/url/percent'
import type { CropBox, HAlign, ImageRequest, Side, Trim, VAlign } from '@imgsvc/core/url/request'

/** Flags of `imgsvc url`, as typed. */
export interface UrlFlags {
  /** As in a URL: `%20` is a space; anything else may be written plainly. */
  readonly source: string
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
  const width = readSide('--width', flags.width)
  const height = readSide('--height', flags.height)
  const isAdaptive = flags.adaptive ?? false
  const isFull = flags.full ?? false
  return {
    debug: flags.debug ?? false,
    meta: flags.meta ?? false,
    trim: flags.trim === undefined ? undefined : readTrim(flags.trim),
    crop: flags.crop === undefined ? undefined : readCrop(flags.crop),
    // In the URL these two are words in front of fit-in.
    fitIn: (flags.fitIn ?? false) || isAdaptive || isFull,
    adaptive: isAdaptive,
    full: isFull,
    width: width.side,
    height: height.side,
    flipH: width.isFlipped !== (flags.flipH ?? false),
    flipV: height.isFlipped !== (flags.flipV ?? false),
    halign: flags.halign ?? 'center',
    valign: flags.valign ?? 'middle',
    smart: flags.smart ?? false,
    filters: (flags.filters ?? []).flatMap(readFilters),
    source: quote(unquote(flags.source)),
  }
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

function readTrim(text: string): Trim {
  const match = /^(top-left|bottom-right)?(?::?(\d{1,4}))?$/.exec(text)
  if (!match) throw new Error(`--trim: expected top-left or bottom-right, with :TOLERANCE if wanted, got "${text}"`)
  const [, pos = 'top-left', tolerance] = match
  // A tolerance can only be written behind a corner.
  const raw = text === '' ? 'trim' : `trim:${pos}${tolerance === undefined ? '' : `:${tolerance}`}`
  return { raw, pos, tolerance: Number(tolerance ?? 0) }
}

function readFilters(text: string) {
  const calls = splitFilterCalls(text)
  if (calls.length > 0 && /^[^()]+\(.*\)$/s.test(text)) return calls
  throw new Error(`--filters: expected calls such as blur(4):quality(80), got "${text}"`)
}

/** Where the picture is cut when the aspect ratios differ. */
export type HAlign = 'left' | 'center' | 'right'
export type VAlign = 'top' | 'middle' | 'bottom'

/** A requested side in px: 0 is "omitted", `orig` the side of the source. Negative sides are flips, kept apart. */
export type Side = number | 'orig'

/** One filter as written: `blur(4)` is `{ name: 'blur', text: 'blur(4)' }`; arguments are typed later by the filter's declaration. */
export interface FilterCall {
  readonly name: string
  /** The whole call as it stands in the URL, with name and parentheses. */
  readonly text: string
}

export interface Trim {
  /** The segment as written. */
  readonly raw: string
  readonly pos: 'top-left' | 'bottom-right' | string
  readonly tolerance: number
}

export interface CropBox {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** What one URL asks for, whichever dialect it was written in. */
export interface ImageRequest {
  readonly debug: boolean
  readonly meta: boolean
  readonly trim: Trim | undefined
  readonly crop: CropBox | undefined
  readonly fitIn: boolean
  readonly adaptive: boolean
  readonly full: boolean
  readonly width: Side
  readonly height: Side
  readonly flipH: boolean
  readonly flipV: boolean
  readonly halign: HAlign
  readonly valign: VAlign
  readonly smart: boolean
  readonly filters: readonly FilterCall[]
  /** thumbor's `image_url`: the source, percent-decoded once by the router and quoted again. The key of storages. */
  readonly source: string
}

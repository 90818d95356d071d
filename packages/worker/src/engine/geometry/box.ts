/** Sides of a picture, px. */
export interface Size {
  readonly width: number
  readonly height: number
}

/** A rectangle inside a picture, px from its top left corner. */
export interface Box extends Size {
  readonly left: number
  readonly top: number
}

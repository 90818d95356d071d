/** What the detector thread is asked to look for. Cascades are absolute paths. */
export type Search =
  | {
      readonly kind: 'objects'
      readonly cascade: string
      /** Also in the picture mirrored, when it shows nothing as it is: a cascade of profiles knows one side only. */
      readonly bothWays: boolean
    }
  | { readonly kind: 'corners' }
  | { readonly kind: 'eyes'; readonly faceCascade: string; readonly eyeCascade: string }

/** 8-bit gray pixels, `width × height`. */
export interface GrayImage {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
}

/** One message to the thread. */
export interface Task {
  readonly search: Search
  readonly image: GrayImage
}

/** Where something is, px of the picture searched; corners are boxes of 1 × 1. */
export interface Found {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** One message from the thread. */
export type Reply =
  | { readonly ok: true; readonly found: readonly Found[] }
  | { readonly ok: false; readonly message: string }

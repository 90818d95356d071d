import type { ErrorCode } from './errors.ts'
import type { ImageRequest } from './url/request.ts'

/** A plain JSON value by name. */
export type Facts = Readonly<Record<string, unknown>>

/** One thing that is wrong, as a client would get it and with what would be right. */
export interface ExplainedError {
  readonly code: ErrorCode
  /** HTTP status of the answer. */
  readonly status: number
  readonly message: string
  /** What would be right, in one sentence; null where nothing general can be said. */
  readonly advice: string | null
}

/** Whether the URL may be used at all. */
export interface ExplainedSignature {
  readonly kind: 'unsafe' | 'signature' | 'none'
  readonly accepted: boolean
  /** The setting that accepts it, or a key kept with the image; null when it is refused. */
  readonly by: string | null
  /** The text a signature covers. */
  readonly signedPath: string
}

/** One filter call of the URL. */
export interface ExplainedFilter {
  /** As written. */
  readonly text: string
  readonly name: string
  /** When it acts; null where there is no such filter. */
  readonly phase: string | null
  /** Arguments by name, defaults filled in; null where they do not fit. */
  readonly args: Facts | null
  /** Why it does nothing, in one sentence; null where it acts. */
  readonly ignored: string | null
}

/** Where the original came from, and what its header says. */
export interface ExplainedSource {
  /** What it is called in the URL, quoted once: the key of storages. */
  readonly name: string
  readonly from: 'storage' | 'source'
  /** Kind of the loader; null where the storage of originals had it, or an upload. */
  readonly loader: string | null
  /** The setting of that loader, such as `sources.0`. */
  readonly setting: string | null
  readonly bytes: number
  readonly format: string
  /** Stored size, px. */
  readonly width: number
  readonly height: number
  /** EXIF orientation, 1 to 8. */
  readonly orientation: number
  readonly hasAlpha: boolean
  readonly frames: number
  /** It ends before its picture does. */
  readonly truncated: boolean
}

/** One operation on the picture; sizes and boxes in px. */
export interface ExplainedStep {
  readonly op: string
  readonly params: Facts
}

export interface ExplainedGeometry {
  /** Trim, crop, resize and turns, in order, as thumbor's arithmetic has them. */
  readonly operations: readonly ExplainedStep[]
  /** What the picture is cut around. */
  readonly focalPoints: readonly Facts[]
  /** Size before filters that change it, px. */
  readonly width: number
  readonly height: number
}

export interface ExplainedFormat {
  readonly name: string
  readonly contentType: string
  /** Why this one, in one sentence. */
  readonly why: string
  /** Formats this client may get instead of the source's own, best first. */
  readonly candidates: readonly string[]
  /** The format where a pixel proves to be transparent, which only rendering can tell; null where it is the same. */
  readonly ifTransparent: string | null
}

/**
 * What `imgsvc explain` tells: the plan of one URL, made by the stages that make pictures, up to rendering. What was
 * not reached because of an error is null.
 */
export interface Explanation {
  /** The path, as it would be received. */
  readonly url: string
  readonly accept: string | null
  /** Status of the answer. */
  readonly status: number
  /** In the order they are found; the first one is what a client gets. */
  readonly errors: readonly ExplainedError[]
  readonly request: ImageRequest | null
  readonly signature: ExplainedSignature | null
  readonly filters: readonly ExplainedFilter[]
  /** The key of the result, and whether a finished picture is kept under it. */
  readonly cache: { readonly key: string; readonly stored: boolean } | null
  readonly source: ExplainedSource | null
  readonly geometry: ExplainedGeometry | null
  /** Every operation that will run on pixels, in order. */
  readonly steps: readonly ExplainedStep[] | null
  readonly result: { readonly width: number; readonly height: number; readonly frames: number } | null
  readonly format: ExplainedFormat | null
  /** How the encoder is set. */
  readonly encoder: Facts | null
  /** Headers of the answer that follow from the plan. */
  readonly headers: Readonly<Record<string, string>> | null
}

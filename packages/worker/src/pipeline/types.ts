import type { OutputFormat } from '../engine/image.ts'

/** A finished picture. */
export interface Rendered {
  readonly data: Buffer
  readonly format: OutputFormat
  /** px */
  readonly width: number
  readonly height: number
  /**
   * Where the time went, ms. libvips streams decode, resize and encode through one pass: that pass is `render`.
   * `decode` is reading the header and, where pixels are needed in memory first, the decoding pass;
   * `encode` is every further encoding pass (raw pixel filters, the max_bytes search).
   */
  readonly timings: { readonly decode: number; readonly render: number; readonly encode: number }
}

/** An original as fetched. */
export interface Original {
  readonly bytes: Buffer
  /** Last change as the source tells it, epoch ms. */
  readonly modifiedAt: number | undefined
  readonly from: 'storage' | 'source'
  /**
   * Keeps it in the storage of originals; call once it proved to be a picture (thumbor stores after decoding).
   * Absent when there is nothing to keep. Once per load however often it is called; never rejects.
   */
  readonly keep?: () => Promise<void>
  /** Removes the stored copy, for one that turned out not to be a picture. Only with `from: 'storage'`; never rejects. */
  readonly discard?: () => Promise<void>
}

/** The source stage: `source` is thumbor's quoted image_url, or the raw text of a filter's URL argument. */
export interface SourceFetcher {
  /** Throws SOURCE_NOT_FOUND, SOURCE_REFUSED, SOURCE_TOO_LARGE, SOURCE_FAILED, SOURCE_TIMEOUT. */
  fetch(source: string, signal: AbortSignal): Promise<Original>
  close(): Promise<void>
}

/** A finished picture as it is kept and served. */
export interface StoredResult {
  readonly data: Buffer
  readonly contentType: string
  /** Strong entity tag with its quotes. */
  readonly etag: string
  /** Epoch ms. */
  readonly lastModified: number
  /** Seconds for Cache-Control; 0 sends none. */
  readonly maxAge: number
  /** The answer depends on Accept. */
  readonly vary: boolean
  /** Filters that were ignored, as written. */
  readonly ignored: readonly string[]
}

/** What is known of a picture before it is made. */
export type ResultHead = Omit<StoredResult, 'data' | 'contentType'>

/** Result storage by key; a missing, expired or damaged entry is undefined. Never throws for a failing disk: it is a miss. */
export interface ResultStorage {
  get(key: string): Promise<StoredResult | undefined>
  /** Resolves when kept or given up (logged and counted). */
  put(key: string, result: StoredResult): Promise<void>
  close(): Promise<void>
}

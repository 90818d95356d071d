import type { OutputFormat } from '../engine/image.ts'
import type { Client } from '../stores/store.ts'
import type { ResultNamespace } from './result-namespace.ts'

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
  /** With `from: 'source'`: which of the configured sources, unless it is an upload. */
  readonly loader?: { readonly name: string; readonly place: number } | undefined
  /**
   * Keeps it in the storage of originals; call once it proved to be a picture (thumbor stores after decoding).
   * Absent when there is nothing to keep. Once per load however often it is called; never rejects.
   */
  readonly keep?: () => Promise<void>
  /**
   * Loads it from its source after all, for a stored copy that turned out damaged; `keep` of what comes replaces that copy.
   * Only with `from: 'storage'`. Throws what `fetch` throws.
   */
  readonly refetch?: (signal: AbortSignal) => Promise<Original>
}

/** The source stage: `source` is thumbor's quoted image_url, or the raw text of a filter's URL argument. */
export interface SourceFetcher {
  /**
   * `client`: whom it is fetched for, where that matters. Throws SOURCE_NOT_FOUND, SOURCE_REFUSED, SOURCE_TOO_LARGE,
   * SOURCE_FAILED, SOURCE_TIMEOUT.
   */
  fetch(source: string, signal: AbortSignal, client?: Client): Promise<Original>
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

/** What a finished picture is kept under. imgsvc's layout needs the key, those of thumbor the rest. */
export interface ResultRequest {
  /** Same key, same bytes. */
  readonly key: string
  /** Path of the URL as received, without query. */
  readonly path: string
  /** The URL was not signed. */
  readonly isUnsafe: boolean
  readonly namespace: () => ResultNamespace
  /** Time of the upload it is made of, epoch ms; an older result is of what the upload replaced. */
  readonly uploadedAt?: number | undefined
  /** What layouts that keep bytes alone do not tell. */
  readonly assumed: () => AssumedHead
}

export interface AssumedHead extends Pick<ResultHead, 'maxAge' | 'vary' | 'ignored'> {
  /** Undefined: to be told from the bytes. */
  readonly contentType: string | undefined
}

/** Result storage; a missing, expired or damaged entry is undefined. Never throws for a failing disk: it is a miss. */
export interface ResultStorage {
  get(request: ResultRequest): Promise<StoredResult | undefined>
  /** Resolves when kept or given up (logged and counted). */
  put(request: ResultRequest, result: StoredResult): Promise<void>
  close(): Promise<void>
}

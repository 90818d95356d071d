import type { Blob, IoOptions } from '../stores/store.ts'

/** Gets originals from one kind of place. */
export interface Loader {
  readonly name: string
  /** Its originals are on this machine's disk already: a storage of originals would only copy them. */
  readonly local?: true
  /** Is this source written for this loader? `file` and `s3` decline http:// and https://. */
  accepts(source: string): boolean
  /** Throws SOURCE_NOT_FOUND, SOURCE_REFUSED, SOURCE_TOO_LARGE, SOURCE_FAILED or SOURCE_TIMEOUT; never undefined. */
  load(source: string, io: IoOptions): Promise<Blob>
  close?(): Promise<void>
}

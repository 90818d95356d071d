/** Bytes with what is known about them. */
export interface Blob {
  readonly bytes: Buffer
  /** Epoch ms. */
  readonly modifiedAt: number | undefined
  /** Media type, for stores that keep one; not given back. */
  readonly contentType?: string | undefined
  /** Text by name, for stores that keep such; not given back. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

export interface Stat {
  readonly size: number
  /** Epoch ms. */
  readonly modifiedAt: number | undefined
}

/** What is known of the client a picture is for, where a source tells its host about it. */
export interface Client {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** What is fetched with them may be for nobody else. */
  readonly isPersonal: boolean
}

export interface IoOptions {
  readonly signal: AbortSignal
  readonly client?: Client | undefined
  /** Stop with SOURCE_TOO_LARGE once more than this arrives. */
  readonly maxBytes?: number | undefined
}

/**
 * One place that keeps bytes under text keys; it serves as source, storage of originals and result storage.
 * A missing key is undefined, never an error; a failure is thrown as ImgsvcError.
 */
export interface ObjectStore {
  readonly name: string
  get(key: string, io: IoOptions): Promise<Blob | undefined>
  stat(key: string, io: IoOptions): Promise<Stat | undefined>
  /** Absent: read-only. */
  put?(key: string, blob: Blob, io: IoOptions): Promise<void>
  delete?(key: string, io: IoOptions): Promise<void>
  close?(): Promise<void>
}

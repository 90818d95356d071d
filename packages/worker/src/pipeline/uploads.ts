import { randomUUID } from 'node:crypto'
import type { Config } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'
import { probe } from '../engine/decode.ts'
import type { SourceFormat, SourceInfo } from '../engine/image.ts'
import type { Sources } from '../loaders/choose.ts'
import type { Blob } from '../stores/store.ts'
import type { UploadStorage } from '../stores/upload-storage.ts'
import { uploadIdOf } from './upload-id.ts'

/** A picture as it was sent. */
export interface Received {
  readonly bytes: Buffer
  /** Bytes of the whole request body, which `upload.maxSize` is about; a form has more than the picture. */
  readonly bodySize: number
}

/** Pictures given to the service. */
export interface Uploads {
  /** Checks and keeps it under a new id. Throws UPLOAD_NOT_IMAGE, UPLOAD_REFUSED and STORE_FAILED. */
  add(received: Received, signal: AbortSignal): Promise<{ readonly id: string; readonly format: SourceFormat }>
  /** The same under a given id, replacing what is there. */
  replace(id: string, received: Received, signal: AbortSignal): Promise<void>
  get(id: string, signal: AbortSignal): Promise<Blob | undefined>
  /** False: there was none. */
  delete(id: string, signal: AbortSignal): Promise<boolean>
}

export interface UploadsOptions {
  readonly storage: UploadStorage
  readonly settings: () => Pick<Config, 'upload' | 'images' | 'limits'>
}

/** What `/image` does, without its HTTP. */
export function createUploads({ storage, settings }: UploadsOptions): Uploads {
  /** In thumbor's order (`thumbor/handlers/__init__.py` ImageApiHandler.validate): a picture, its bytes, its sides. */
  async function check({ bytes, bodySize }: Received): Promise<SourceInfo> {
    const { upload, images } = settings()
    const info = await probe(bytes, images).catch(blameUpload)
    if (upload.maxSize > 0 && bodySize > upload.maxSize) {
      throw new ImgsvcError('UPLOAD_REFUSED', `${bodySize} bytes; at most ${upload.maxSize} are allowed`)
    }
    const { width, height } = info
    if (width < upload.minWidth || height < upload.minHeight) {
      const least = `${upload.minWidth}x${upload.minHeight}`
      throw new ImgsvcError('UPLOAD_REFUSED', `${width}x${height} px; at least ${least} are expected`)
    }
    return info
  }

  return {
    async add(received, signal) {
      const { format } = await check(received)
      const id = randomUUID().replaceAll('-', '')
      await storage.put(id, received.bytes, { signal })
      return { id, format }
    },
    async replace(id, received, signal) {
      await check(received)
      await storage.put(id, received.bytes, { signal })
    },
    get: (id, signal) => storage.get(id, { signal, maxBytes: settings().limits.sourceBytes }),
    delete: (id, signal) => storage.delete(id, { signal }),
  }
}

function blameUpload(error: unknown): never {
  if (!(error instanceof ImgsvcError)) throw error
  const code = error.code === 'SOURCE_TOO_MANY_PIXELS' ? 'UPLOAD_REFUSED' : 'UPLOAD_NOT_IMAGE'
  throw new ImgsvcError(code, error.detail, { cause: error })
}

/**
 * Sources that know uploads too: what has the form of an id is looked for among the uploads first. A stored copy of that
 * name is never offered as a cached one that a decoding failure may discard: it could be the only copy there is.
 */
export function withUploads(sources: Sources, storage: UploadStorage, settings: () => Pick<Config, 'upload'>): Sources {
  const isId = (source: string) => {
    const { enabled, maxIdLength } = settings().upload
    return enabled && uploadIdOf(source, maxIdLength) === source
  }
  return {
    isStorable: (source) => !isId(source) && sources.isStorable(source),
    async load(source, io) {
      const found = isId(source) ? await storage.get(source, io) : undefined
      return found ? { ...found, storable: false } : sources.load(source, io)
    },
    close: () => sources.close(),
  }
}

import { Readable } from 'node:stream'
import type {
  GetObjectCommandOutput,
  PutObjectCommandInput,
  S3Client,
  S3ClientConfig,
  ServerSideEncryption,
  StorageClass,
} from '@aws-sdk/client-s3'
import { type Clock, systemClock } from '@imgsvc/core/clock'
import type { S3Connection } from '@imgsvc/core/config/sections/s3'
import { ImgsvcError } from '@imgsvc/core/errors'
import { withDeadline } from './deadline.ts'
import { tooLarge } from './read-regular.ts'
import { readStream } from './read-stream.ts'
import { asStoreError, isMissingObject } from './s3-errors.ts'
import { type S3Place, s3Place } from './s3-keys.ts'
import type { Blob, IoOptions, ObjectStore } from './store.ts'

/** The settings of an S3 bucket; secrets are values here. */
export interface S3StoreOptions extends S3Connection {
  /** Buckets beside which none is looked into; undefined or empty: any. */
  readonly allowedBuckets?: readonly string[]
  readonly storageClass?: StorageClass
  readonly encryption?: ServerSideEncryption | 'none'
  readonly clock?: Clock
}

const SOCKETS = 64

/**
 * Objects of S3 or a server that speaks its protocol. The SDK is loaded by this call and not before. Throws
 * CONFIG_INVALID when only half of a static key is there; operations throw what `s3-errors.ts` tells, SOURCE_TIMEOUT
 * after `timeout` ms with all retries, and SOURCE_TOO_LARGE.
 */
export async function createS3Store(options: S3StoreOptions): Promise<ObjectStore> {
  const { clock = systemClock, timeout } = options
  const sdk = await import('@aws-sdk/client-s3')
  const client: S3Client = new sdk.S3Client(clientConfig(options))

  /** Runs one operation on the place of a key; undefined when there is no such place or object. */
  async function at<T>(
    key: string,
    io: IoOptions,
    run: (place: Place, io: IoOptions) => Promise<T>,
  ): Promise<T | undefined> {
    const place = s3Place(key, options)
    if (!place || !isAllowed(place.bucket, options)) return undefined
    const name = `s3://${place.bucket}/${place.key}`
    const expired = () => new ImgsvcError('SOURCE_TIMEOUT', `${name}: no whole answer within ${timeout} ms`)
    return withDeadline({ clock, ms: timeout, signal: io.signal, expired }, async (signal) => {
      try {
        return await run(sdkPlace(place), { ...io, signal })
      } catch (error) {
        if (isMissingObject(error)) return undefined
        throw asStoreError(error, name)
      }
    })
  }

  return {
    name: 's3',
    get: (key, io) =>
      at(key, io, async (place, { signal, maxBytes }) => {
        const answer = await client.send(new sdk.GetObjectCommand(place), { abortSignal: signal })
        return receive(answer, { signal, maxBytes })
      }),
    stat: (key, io) =>
      at(key, io, async (place, { signal }) => {
        const head = await client.send(new sdk.HeadObjectCommand(place), { abortSignal: signal })
        return { size: head.ContentLength ?? 0, modifiedAt: head.LastModified?.getTime() }
      }),
    async put(key, blob, io) {
      const done = await at(key, io, async (place, { signal }) => {
        await client.send(new sdk.PutObjectCommand(putInput(place, blob, options)), { abortSignal: signal })
        return true
      })
      if (!done) throw new ImgsvcError('STORE_FAILED', `cannot be written to S3: ${key}`)
    },
    async delete(key, io) {
      await at(key, io, (place, { signal }) => client.send(new sdk.DeleteObjectCommand(place), { abortSignal: signal }))
    },
    close: () => Promise.resolve(client.destroy()),
  }
}

/** A place in the spelling of the SDK's commands. */
interface Place {
  readonly Bucket: string
  readonly Key: string
}

function sdkPlace({ bucket, key }: S3Place): Place {
  return { Bucket: bucket, Key: key }
}

function isAllowed(bucket: string, { allowedBuckets = [] }: S3StoreOptions): boolean {
  return allowedBuckets.length === 0 || allowedBuckets.includes(bucket)
}

function putInput(place: Place, blob: Blob, { storageClass, encryption }: S3StoreOptions): PutObjectCommandInput {
  const { bytes, contentType, metadata } = blob
  return {
    ...place,
    Body: bytes,
    ...(contentType !== undefined && { ContentType: contentType }),
    ...(metadata && { Metadata: metadata }),
    // STANDARD is what S3 does by itself; servers that know no classes refuse the header.
    ...(storageClass !== undefined && storageClass !== 'STANDARD' && { StorageClass: storageClass }),
    ...(encryption !== undefined && encryption !== 'none' && { ServerSideEncryption: encryption }),
  }
}

function clientConfig(options: S3StoreOptions): S3ClientConfig {
  const { region, endpoint, pathStyle, accessKeyId, secretAccessKey, timeout, retries } = options
  if ((accessKeyId === '') !== (secretAccessKey === '')) {
    throw new ImgsvcError(
      'CONFIG_INVALID',
      's3: accessKeyId and secretAccessKey come together, or neither (default chain)',
    )
  }
  return {
    region,
    forcePathStyle: pathStyle,
    maxAttempts: retries + 1, // the SDK waits in between, with jitter
    ...(endpoint === '' ? {} : { endpoint }),
    ...(accessKeyId === '' ? {} : { credentials: { accessKeyId, secretAccessKey } }),
    // Newer checksums travel as trailers, which MinIO of old, Ceph and others take for part of the picture.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: Math.min(timeout, 5_000),
      httpAgent: { keepAlive: true, maxSockets: SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: SOCKETS },
    },
  }
}

async function receive(answer: GetObjectCommandOutput, io: IoOptions): Promise<Blob> {
  const { Body: body, ContentLength: announced, LastModified: modified } = answer
  if (!(body instanceof Readable)) throw new ImgsvcError('STORE_FAILED', 'S3 answered without a body')
  if (announced !== undefined && io.maxBytes !== undefined && announced > io.maxBytes) {
    body.destroy()
    throw tooLarge(announced, io.maxBytes)
  }
  const bytes = await readStream(body, io)
  if (announced !== undefined && bytes.length !== announced) {
    throw new ImgsvcError('STORE_FAILED', `S3 announced ${announced} bytes, ${bytes.length} came`)
  }
  return { bytes, modifiedAt: modified?.getTime() }
}

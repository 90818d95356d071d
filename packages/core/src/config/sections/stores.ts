import { z } from 'zod'
import { bucketName, bytes, duration, setting } from '../setting.ts'
import { s3Connection, s3Writing } from './s3.ts'

const none = z.strictObject({ type: z.literal('none') })

const expires = (fallback: number, thumbor?: string) =>
  setting(duration().default(fallback), {
    doc: 'Age after which an entry counts as missing; 0 is never.',
    reload: 'restart',
    ...(thumbor !== undefined && { thumbor }),
  })

const directory = (what: string, root: string, thumbor?: string) => ({
  root: setting(z.string().min(1).default(root), {
    doc: `Directory of ${what}.`,
    reload: 'restart',
    path: true,
    ...(thumbor !== undefined && { thumbor }),
  }),
  maxBytes: setting(bytes().default(0), {
    doc: 'Bound on the directory; 0 is none. Accepted, not enforced yet.',
    unit: 'bytes',
    reload: 'restart',
  }),
})

const MONTH = 30 * 86_400_000
const EXPIRATION = 'STORAGE_EXPIRATION_SECONDS'

const originalsFile = (root: string) =>
  z.strictObject({
    type: z.literal('file'),
    ...directory('the stored originals', root, 'FILE_STORAGE_ROOT_PATH'),
    expires: expires(MONTH, EXPIRATION),
  })

const ORIGINALS = { bucket: 'TC_AWS_STORAGE_BUCKET', root: 'TC_AWS_STORAGE_ROOT_PATH' } as const

const originalsS3 = () =>
  z.strictObject({
    type: z.literal('s3'),
    ...s3Connection(bucketName(), 'Bucket of the stored originals.', ORIGINALS),
    ...s3Writing(),
    expires: expires(MONTH, EXPIRATION),
  })

const part = (what: string, root: string, thumbor: string) =>
  setting(z.discriminatedUnion('type', [none, originalsFile(root), originalsS3()]), {
    doc: `Where ${what} are kept, with the settings of a storage of that type.`,
    reload: 'restart',
    thumbor,
  }).prefault({ type: 'none' })

const storageFile = originalsFile('./originals')
const storageS3 = originalsS3()
const storageMixed = z.strictObject({
  type: z.literal('mixed'),
  originals: part('the originals themselves', './originals', 'MIXED_STORAGE_FILE_STORAGE'),
  keys: part('keys per image', './keys', 'MIXED_STORAGE_CRYPTO_STORAGE'),
  detectors: part('detected points', './detectors', 'MIXED_STORAGE_DETECTOR_STORAGE'),
})

/** Cache of originals fetched from http and s3 sources, with what belongs to an original: its key, detected points. */
export const storage = setting(z.discriminatedUnion('type', [none, storageFile, storageS3, storageMixed]), {
  doc: 'Where fetched originals are kept.',
  reload: 'restart',
  thumbor: 'STORAGE',
}).prefault({ type: 'none' })

/** One kind of storage of originals: what a part of a mixed one may be. */
export type StoragePart = z.output<typeof none> | z.output<typeof storageFile> | z.output<typeof storageS3>
export type S3StoragePart = z.output<typeof storageS3>

const uploadsFile = z.strictObject({
  type: z.literal('file'),
  ...directory('the uploads', './uploads'),
  expires: expires(0),
})
const uploadsS3 = z.strictObject({
  type: z.literal('s3'),
  ...s3Connection(bucketName(), 'Bucket of the uploads.', ORIGINALS),
  ...s3Writing(),
  expires: expires(0),
})

/** A place of their own for uploads, which are no cache: they exist nowhere else. */
export const uploadStorage = setting(
  z.discriminatedUnion('type', [z.strictObject({ type: z.literal('originals') }), uploadsFile, uploadsS3]),
  {
    doc: 'Where uploads are kept: with the originals, whose `expires` holds for them too, or in a storage of their own.',
    reload: 'restart',
    thumbor: 'UPLOAD_PHOTO_STORAGE',
  },
).prefault({ type: 'originals' })

const resultsExpire = () => expires(0, 'RESULT_STORAGE_EXPIRATION_SECONDS')
const storeUnsafe = () =>
  setting(z.boolean().default(true), {
    doc: 'Keep the results of unsigned URLs, too; without it they are neither read nor written.',
    reload: 'restart',
    thumbor: 'RESULT_STORAGE_STORES_UNSAFE',
  })

const resultsFile = z.strictObject({
  type: z.literal('file'),
  ...directory('the finished pictures', './results', 'RESULT_STORAGE_FILE_STORAGE_ROOT_PATH'),
  expires: resultsExpire(),
  storeUnsafe: storeUnsafe(),
  layout: setting(z.enum(['imgsvc', 'thumbor']).default('imgsvc'), {
    doc: 'How files are named and what is in them: as imgsvc does, or as thumbor, so that its folder is read (docs/storage.md).',
    reload: 'restart',
  }),
})

const resultsS3 = z.strictObject({
  type: z.literal('s3'),
  ...s3Connection(bucketName(), 'Bucket of the finished pictures.', {
    bucket: 'TC_AWS_RESULT_STORAGE_BUCKET',
    root: 'TC_AWS_RESULT_STORAGE_ROOT_PATH',
  }),
  ...s3Writing(),
  expires: resultsExpire(),
  storeUnsafe: storeUnsafe(),
  storeHeaders: setting(z.boolean().default(false), {
    doc: 'Layouts `tc_aws` and `thumbor_aws`: keep the headers of the answer as metadata of the object.',
    reload: 'restart',
    thumbor: 'TC_AWS_STORE_METADATA',
  }),
})

/** Cache of finished pictures. */
export const results = setting(z.discriminatedUnion('type', [none, resultsFile, resultsS3]), {
  doc: 'Where finished pictures are kept.',
  reload: 'restart',
  thumbor: 'RESULT_STORAGE',
}).prefault({ type: 'none' })

export type ResultsConfig = z.output<typeof none> | z.output<typeof resultsFile> | z.output<typeof resultsS3>
export type S3ResultsConfig = z.output<typeof resultsS3>

/** What is kept in memory: hot responses in the balancer, originals in each worker. */
export const cache = z
  .strictObject({
    originals: setting(bytes().default(64 * 1024 ** 2), {
      doc: 'Memory per worker for originals read from disk lately, so that the sizes of one picture read it once; 0 switches it off.',
      unit: 'bytes',
      reload: 'restart',
    }),
    memory: setting(bytes().default(0), {
      doc: 'Memory for hot responses in the balancer; 0 switches it off. Accepted, not built yet.',
      unit: 'bytes',
      reload: 'restart',
    }),
  })
  .prefault({})

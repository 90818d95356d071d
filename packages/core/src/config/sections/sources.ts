import { z } from 'zod'
import { bucketName, bucketNameOrNone, bytes, setting } from '../setting.ts'
import { httpSource } from './http-source.ts'
import { s3Connection } from './s3.ts'

const fileSource = z.strictObject({
  type: z.literal('file'),
  root: setting(z.string().min(1), {
    doc: 'Directory the originals are in.',
    reload: 'restart',
    path: true,
    thumbor: 'FILE_LOADER_ROOT_PATH',
  }),
})

const s3Source = z.strictObject({
  type: z.literal('s3'),
  ...s3Connection(bucketNameOrNone().default(''), 'Bucket of the originals. Empty: the first path segment names it.', {
    bucket: 'TC_AWS_LOADER_BUCKET',
    root: 'TC_AWS_LOADER_ROOT_PATH',
  }),
  allowedBuckets: setting(z.array(bucketName()).default([]), {
    doc: 'Buckets that may be read, also as `bucket`; others are not found. Empty: every bucket.',
    reload: 'restart',
    thumbor: 'TC_AWS_ALLOWED_BUCKETS',
  }),
})

export const source = z.discriminatedUnion('type', [fileSource, httpSource, s3Source])

export type SourceConfig = z.output<typeof source>
export type FileSourceConfig = z.output<typeof fileSource>
export type HttpSourceConfig = z.output<typeof httpSource>
export type S3SourceConfig = z.output<typeof s3Source>

/** Tried in order; not found passes on to the next, the last answer counts. */
export const sources = setting(z.array(source), {
  doc: 'Where originals come from, tried in order. `file` and `s3` decline http:// and https:// paths.',
  reload: 'restart',
  thumbor: 'LOADER',
}).default([])

/** Bounds every source obeys. */
export const limits = z
  .strictObject({
    sourceBytes: setting(bytes().default(100 * 1024 ** 2), {
      doc: 'Largest original, counted while it arrives.',
      unit: 'bytes',
      reload: 'live',
    }),
    filters: setting(z.int().min(0).max(1000).default(100), {
      doc: 'Filters in one URL at most.',
      reload: 'live',
    }),
    urlLength: setting(bytes().default(8 * 1024), {
      doc: 'Longest URL; more is answered 414.',
      unit: 'bytes',
      reload: 'live',
    }),
  })
  .prefault({})

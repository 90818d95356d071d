import { z } from 'zod'
import { bytes, hostPattern, networkRange, secret, serverUrl, setting, timeout } from '../setting.ts'

const fileSource = z.strictObject({
  type: z.literal('file'),
  root: setting(z.string().min(1), {
    doc: 'Directory the originals are in.',
    reload: 'restart',
    path: true,
    thumbor: 'FILE_LOADER_ROOT_PATH',
  }),
})

const httpSource = z.strictObject({
  type: z.literal('http'),
  allow: setting(z.array(hostPattern()).default([]), {
    doc: 'Hosts that may be fetched: exact names or `*.example.org`. Empty: every public host.',
    reload: 'restart',
    thumbor: 'ALLOWED_SOURCES',
  }),
  allowPrivate: setting(z.array(networkRange()).default([]), {
    doc: 'Private address ranges (CIDR) that may be reached all the same. Default none.',
    reload: 'restart',
  }),
  connectTimeout: setting(timeout().default(5_000), {
    doc: 'Time to connect to a host.',
    reload: 'restart',
    thumbor: 'HTTP_LOADER_CONNECT_TIMEOUT',
  }),
  timeout: setting(timeout().default(20_000), {
    doc: 'Time for a whole fetch, redirects included.',
    reload: 'restart',
    thumbor: 'HTTP_LOADER_REQUEST_TIMEOUT',
  }),
  maxRedirects: setting(z.int().min(0).max(20).default(5), {
    doc: 'Redirects followed at most; 0 follows none.',
    reload: 'restart',
    thumbor: 'HTTP_LOADER_MAX_REDIRECTS',
  }),
  userAgent: setting(z.string().min(1).default('imgsvc'), {
    doc: 'User-Agent of the fetches.',
    reload: 'restart',
    thumbor: 'HTTP_LOADER_DEFAULT_USER_AGENT',
  }),
})

const s3Source = z.strictObject({
  type: z.literal('s3'),
  bucket: setting(z.string().default(''), {
    doc: 'Bucket of the originals. Empty: the first path segment names it.',
    reload: 'restart',
    thumbor: 'TC_AWS_LOADER_BUCKET',
  }),
  root: setting(z.string().default(''), {
    doc: 'Prefix put in front of every key.',
    reload: 'restart',
    thumbor: 'TC_AWS_LOADER_ROOT_PATH',
  }),
  region: setting(z.string().min(1).default('us-east-1'), {
    doc: 'AWS region.',
    reload: 'restart',
    thumbor: 'TC_AWS_REGION',
  }),
  endpoint: setting(serverUrl().default(''), {
    doc: 'Endpoint of an S3-compatible server. Empty: AWS.',
    reload: 'restart',
    thumbor: 'TC_AWS_ENDPOINT',
  }),
  pathStyle: setting(z.boolean().default(false), {
    doc: 'Put the bucket in the path instead of the host name (MinIO, Ceph).',
    reload: 'restart',
  }),
  accessKeyId: setting(secret().default(''), {
    doc: 'Static access key. Empty: the default credential chain.',
    reload: 'restart',
    secret: true,
  }),
  secretAccessKey: setting(secret().default(''), {
    doc: 'Secret of the static access key.',
    reload: 'restart',
    secret: true,
  }),
  timeout: setting(timeout().default(20_000), {
    doc: 'Time for a whole fetch, retries included.',
    reload: 'restart',
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

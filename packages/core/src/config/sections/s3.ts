import { z } from 'zod'
import { secret, serverUrl, setting, timeout } from '../setting.ts'

/** thumbor's names (tc_aws) of the settings that differ between loader, storage and result storage. */
export interface S3Names {
  readonly bucket: string
  readonly root: string
}

/** What is needed to talk to a bucket; `bucket` is the schema of its name, because not every section has to name one. */
export const s3Connection = (bucket: z.ZodType<string>, bucketDoc: string, names: S3Names) => ({
  bucket: setting(bucket, { doc: bucketDoc, reload: 'restart', thumbor: names.bucket }),
  root: setting(z.string().default(''), {
    doc: 'Prefix put in front of every key.',
    reload: 'restart',
    thumbor: names.root,
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
    doc: 'Time for one operation, retries included.',
    reload: 'restart',
  }),
  retries: setting(z.int().min(0).max(10).default(2), {
    doc: 'Further tries after a failure that may pass (no answer, slow down, 5xx).',
    reload: 'restart',
    thumbor: 'TC_AWS_MAX_RETRY',
  }),
})

/** The connection with the bucket's name as it comes out. */
export type S3Connection = z.output<z.ZodObject<ReturnType<typeof s3Connection>>>

/** How objects are written and named by the AWS plug-ins of thumbor. */
export const s3Writing = () => ({
  layout: setting(z.enum(['imgsvc', 'tc_aws', 'thumbor_aws']).default('imgsvc'), {
    doc: 'How keys are named: as imgsvc does, or as the plug-in that filled the bucket (docs/storage.md).',
    reload: 'restart',
  }),
  randomizeKeys: setting(z.boolean().default(false), {
    doc: 'Layout `tc_aws`: put a hash in front of every key.',
    reload: 'restart',
    thumbor: 'TC_AWS_RANDOMIZE_KEYS',
  }),
  rootImageName: setting(z.string().default(''), {
    doc: 'Layout `tc_aws`: put behind keys that end with a slash.',
    reload: 'restart',
    thumbor: 'TC_AWS_ROOT_IMAGE_NAME',
  }),
  storageClass: setting(
    z
      .enum(['STANDARD', 'REDUCED_REDUNDANCY', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR'])
      .default('STANDARD'),
    { doc: 'Storage class of what is written.', reload: 'restart', thumbor: 'TC_AWS_STORAGE_RRS' },
  ),
  encryption: setting(z.enum(['none', 'AES256', 'aws:kms']).default('none'), {
    doc: 'Encryption the server is asked for; `aws:kms` takes the default key of the account.',
    reload: 'restart',
    thumbor: 'TC_AWS_STORAGE_SSE',
  }),
})

import { type Convert, type OptionDetails, same, type ThumborOption, unlessEmpty, whenOn } from './option.ts'

const tcAws = (name: string, fallback: string, details: OptionDetails = {}): ThumborOption => ({
  name: `TC_AWS_${name}`,
  source: 'tc_aws',
  fallback,
  ...details,
})

const thumborAws = (name: string, fallback: string, details: OptionDetails): ThumborOption => ({
  name,
  source: 'thumbor_aws',
  fallback,
  ...details,
})

const EVERYWHERE = ['sources[]', 'storage', 'results']
const WRITTEN = ['storage', 'results']
const within = (sections: readonly string[], key: string, convert: Convert) =>
  Object.fromEntries(sections.map((section) => [`${section}.${key} (s3)`, convert]))

const BEHIND = 'Put an `http` source behind the `s3` one, which declines http:// and https://.'
const sse = whenOn('AES256')
const rrs = whenOn('REDUCED_REDUNDANCY')

/** Options of tc_aws 7.0b and of willtrking's thumbor_aws v1. */
export const AWS: readonly ThumborOption[] = [
  tcAws('REGION', "'eu-west-1'", { as: unlessEmpty }),
  tcAws('ENDPOINT', 'None', { as: unlessEmpty, note: '`pathStyle` for servers that need it.' }),
  tcAws('STORAGE_BUCKET', 'None', { as: unlessEmpty }),
  tcAws('STORAGE_ROOT_PATH', "''", { as: unlessEmpty }),
  tcAws('LOADER_BUCKET', 'None', { as: unlessEmpty }),
  tcAws('LOADER_ROOT_PATH', "''", { as: unlessEmpty }),
  tcAws('RESULT_STORAGE_BUCKET', 'None', { as: unlessEmpty }),
  tcAws('RESULT_STORAGE_ROOT_PATH', "''", { as: unlessEmpty }),
  tcAws('STORAGE_SSE', 'False', { as: sse }),
  tcAws('STORAGE_RRS', 'False', { as: rrs }),
  tcAws('ENABLE_HTTP_LOADER', 'False', { note: BEHIND }),
  tcAws('ALLOWED_BUCKETS', 'False', { as: unlessEmpty }),
  tcAws('STORE_METADATA', 'False'),
  tcAws('MAX_RETRY', '0', { as: same, note: 'For storages too; 2 by default.' }),
  tcAws('RANDOMIZE_KEYS', 'False'),
  tcAws('ROOT_IMAGE_NAME', "''"),
  thumborAws('AWS_ACCESS_KEY', 'None', { also: within(EVERYWHERE, 'accessKeyId', unlessEmpty) }),
  thumborAws('AWS_SECRET_KEY', 'None', { also: within(EVERYWHERE, 'secretAccessKey', unlessEmpty) }),
  thumborAws('AWS_ROLE_BASED_CONNECTION', 'False', { note: 'Without keys the SDK finds the role by itself.' }),
  thumborAws('S3_LOADER_BUCKET', 'None', { also: within(['sources[]'], 'bucket', unlessEmpty) }),
  thumborAws('S3_ALLOWED_BUCKETS', '[]', { also: within(['sources[]'], 'allowedBuckets', unlessEmpty) }),
  thumborAws('AWS_ENABLE_HTTP_LOADER', 'False', { note: BEHIND }),
  thumborAws('STORAGE_BUCKET', 'None', { also: within(['storage'], 'bucket', unlessEmpty) }),
  thumborAws('RESULT_STORAGE_BUCKET', 'None', { also: within(['results'], 'bucket', unlessEmpty) }),
  thumborAws('RESULT_STORAGE_AWS_STORAGE_ROOT_PATH', "'thumbor/result_storage/'", {
    also: within(['results'], 'root', unlessEmpty),
  }),
  thumborAws('S3_STORAGE_SSE', 'False', { also: within(WRITTEN, 'encryption', sse) }),
  thumborAws('S3_STORAGE_RRS', 'False', { also: within(WRITTEN, 'storageClass', rrs) }),
]

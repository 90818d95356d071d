import {
  byModule,
  type Convert,
  option,
  positive,
  seconds,
  type ThumborOption,
  timeLimit,
  unlessEmpty,
  without,
} from './option.ts'

const FILE = { type: 'file' }
const HTTP = { type: 'http' }
const LOADERS: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>> = {
  'thumbor.loaders.http_loader': [HTTP],
  'thumbor.loaders.https_loader': [{ ...HTTP, scheme: 'https' }],
  'thumbor.loaders.strict_https_loader': [{ ...HTTP, scheme: 'https-only' }],
  'thumbor.loaders.file_loader': [FILE],
  'thumbor.loaders.file_loader_http_fallback': [FILE, HTTP],
  'tc_aws.loaders.s3_loader': [{ type: 's3' }],
  'thumbor_aws.loaders.s3_loader': [{ type: 's3' }],
}

const NONE = 'thumbor.storages.no_storage'
const MIXED = 'thumbor.storages.mixed_storage'
const STORAGES: Readonly<Record<string, string>> = {
  [NONE]: 'none',
  'thumbor.storages.file_storage': 'file',
  [MIXED]: 'mixed',
  'tc_aws.storages.s3_storage': 's3',
  'thumbor_aws.storages.s3_storage': 's3',
}
const { [MIXED]: _mixed, ...PARTS } = STORAGES
const { [NONE]: _none, ...UPLOADS } = PARTS
const RESULTS: Readonly<Record<string, string>> = {
  'thumbor.result_storages.no_storage': 'none',
  'thumbor.result_storages.file_storage': 'file',
  'tc_aws.result_storages.s3_storage': 's3',
  'thumbor_aws.result_storages.s3_storage': 's3',
}

/** Keys and folders go on being found. */
const s3Layout: Convert = (value) => /^(tc_aws|thumbor_aws)\./.exec(String(value))?.[1]
const fileLayout: Convert = (value) => (value === 'thumbor.result_storages.file_storage' ? 'thumbor' : undefined)

/** Uploads stay with the originals when both name the same module. */
const uploads: Convert = (value, conf) => {
  const type = byModule(UPLOADS)(value, conf)
  return value === (conf.STORAGE ?? 'thumbor.storages.file_storage') ? undefined : type
}

const proxy: Convert = (host, { HTTP_LOADER_PROXY_PORT: port }) =>
  host && port ? `${/^https?:\/\//.test(String(host)) ? '' : 'http://'}${host}:${port}` : undefined

const SLOW = 'The time for the whole fetch, `timeout`, bounds hosts that drip.'

/** Where pictures come from and where they are kept. */
export const FETCHING: readonly ThumborOption[] = [
  option('LOADER', "'thumbor.loaders.http_loader'", { as: byModule(LOADERS), note: 'A list, tried in order.' }),
  option('STORAGE', "'thumbor.storages.file_storage'", {
    as: byModule(STORAGES, 'none'),
    also: { 'storage.layout (s3)': s3Layout },
  }),
  option('RESULT_STORAGE', 'None', {
    as: byModule(RESULTS, 'none'),
    also: { 'results.layout (file)': fileLayout, 'results.layout (s3)': s3Layout },
  }),
  option('FILE_LOADER_ROOT_PATH', 'user home dir'),
  option('HTTP_LOADER_CONNECT_TIMEOUT', '5', { as: timeLimit }),
  option('HTTP_LOADER_REQUEST_TIMEOUT', '20', { as: timeLimit }),
  option('HTTP_LOADER_FOLLOW_REDIRECTS', 'True', {
    also: { 'sources[].maxRedirects (http)': (value) => (value === false ? 0 : undefined) },
    note: 'False is 0.',
  }),
  option('HTTP_LOADER_MAX_REDIRECTS', '5', {
    as: (value, { HTTP_LOADER_FOLLOW_REDIRECTS: follow }) => (follow === false ? 0 : (value ?? undefined)),
  }),
  option('HTTP_LOADER_MAX_CLIENTS', '10', { as: positive, note: 'Per worker, as in thumbor; the default is higher.' }),
  option('HTTP_LOADER_FORWARD_USER_AGENT', 'False'),
  option('HTTP_LOADER_FORWARD_ALL_HEADERS', 'False', {
    note: 'Without Host, and without what is about the connection. Credentials make the picture private.',
  }),
  option('HTTP_LOADER_FORWARD_HEADERS_WHITELIST', '[]', {
    as: unlessEmpty,
    note: 'What is fetched with them is not shared with other clients; thumbor shares it.',
  }),
  option('HTTP_LOADER_DEFAULT_USER_AGENT', "'Thumbor/<version>'", { as: unlessEmpty }),
  option('HTTP_LOADER_PROXY_HOST', 'None', { as: proxy, note: 'One URL; both are needed.' }),
  option('HTTP_LOADER_PROXY_PORT', 'None', {
    also: { 'sources[].proxy (http)': (_port, conf) => proxy(conf.HTTP_LOADER_PROXY_HOST ?? null, conf) },
    note: 'One URL; both are needed.',
  }),
  option('HTTP_LOADER_PROXY_USERNAME', 'None', { as: unlessEmpty }),
  option('HTTP_LOADER_PROXY_PASSWORD', 'None', { as: unlessEmpty }),
  option('HTTP_LOADER_CA_CERTS', 'None', { as: unlessEmpty, note: 'Beside the usual certificates, not instead.' }),
  option('HTTP_LOADER_VALIDATE_CERTS', 'None'),
  option('HTTP_LOADER_CLIENT_KEY', 'None', { as: unlessEmpty }),
  option('HTTP_LOADER_CLIENT_CERT', 'None', { as: unlessEmpty }),
  without(
    'HTTP_LOADER_CURL_ASYNC_HTTP_CLIENT',
    'False',
    'There is one HTTP client; it can do what thumbor needs libcurl for.',
  ),
  without('HTTP_LOADER_CURL_LOW_SPEED_TIME', '0', SLOW),
  without('HTTP_LOADER_CURL_LOW_SPEED_LIMIT', '0', SLOW),
  option('STORAGE_EXPIRATION_SECONDS', '2592000', { as: seconds }),
  option('STORES_CRYPTO_KEY_FOR_EACH_IMAGE', 'False'),
  option('FILE_STORAGE_ROOT_PATH', '<tmp>/thumbor/storage'),
  option('UPLOAD_MAX_SIZE', '0', { note: '`balancer.maxBody` bounds uploads too.' }),
  option('UPLOAD_ENABLED', 'False'),
  option('UPLOAD_PHOTO_STORAGE', "'thumbor.storages.file_storage'", {
    as: uploads,
    note: 'For reading and deleting, too; with the originals unless it differs from STORAGE.',
  }),
  option('UPLOAD_DELETE_ALLOWED', 'False'),
  option('UPLOAD_PUT_ALLOWED', 'False'),
  option('UPLOAD_DEFAULT_FILENAME', "'image'", { as: unlessEmpty }),
  option('MAX_ID_LENGTH', '32', {
    as: (value) => (typeof value === 'number' && value > 32 ? Math.min(value, 128) : undefined),
    note: 'From 32 to 128; ids are looked for only while uploads are on.',
  }),
  option('MIXED_STORAGE_FILE_STORAGE', "'thumbor.storages.no_storage'", { as: byModule(PARTS, 'none') }),
  option('MIXED_STORAGE_CRYPTO_STORAGE', "'thumbor.storages.no_storage'", { as: byModule(PARTS, 'none') }),
  option('MIXED_STORAGE_DETECTOR_STORAGE', "'thumbor.storages.no_storage'", { as: byModule(PARTS, 'none') }),
  option('RESULT_STORAGE_EXPIRATION_SECONDS', '0', { as: seconds }),
  option('RESULT_STORAGE_FILE_STORAGE_ROOT_PATH', '<tmp>/thumbor/result_storage'),
  option('RESULT_STORAGE_STORES_UNSAFE', 'False', { note: 'On by default.' }),
]

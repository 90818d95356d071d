import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { listSettings } from '../names.ts'
import { configSchema } from '../schema.ts'
import type { ThumborConf, ThumborValue } from './option.ts'
import { settingName, THUMBOR_ALIASES, THUMBOR_OPTIONS, targetsOf } from './options.ts'

interface Vectors {
  readonly options: readonly { readonly name: string; readonly default: string }[]
  readonly tc_aws: readonly string[]
  readonly thumbor_aws: readonly string[]
}
const vectors = JSON.parse(
  readFileSync(new URL('../../../test/vectors/thumbor/options.json', import.meta.url), 'utf8'),
) as Vectors

const namesOf = (source: string) =>
  THUMBOR_OPTIONS.filter((option) => option.source === source)
    .map(({ name }) => name)
    .sort()
const optionOf = (name: string) => THUMBOR_OPTIONS.find((option) => option.name === name)

describe('every option is there once', () => {
  test('the 134 of thumbor, with their defaults', () => {
    expect(vectors.options).toHaveLength(134)
    expect(namesOf('thumbor')).toEqual(vectors.options.map(({ name }) => name).sort())
    for (const { name, default: fallback } of vectors.options) expect(optionOf(name)?.fallback, name).toBe(fallback)
  })

  test('those of the AWS plug-ins', () => {
    expect(namesOf('tc_aws')).toEqual([...vectors.tc_aws].sort())
    expect(namesOf('thumbor_aws')).toEqual([...vectors.thumbor_aws].sort())
  })

  test('older names lead to one', () => {
    for (const [alias, name] of Object.entries(THUMBOR_ALIASES)) {
      expect(optionOf(alias), alias).toBeUndefined()
      expect(optionOf(name), name).toBeDefined()
    }
  })
})

test('what the schema names is an option, and what an option names is a setting', () => {
  const known = new Set(THUMBOR_OPTIONS.map(({ name }) => name))
  for (const { path, meta } of listSettings()) if (meta.thumbor) expect(known, path).toContain(meta.thumbor)
  const names = new Set(listSettings().map(settingName))
  for (const { also = {} } of THUMBOR_OPTIONS) for (const name of Object.keys(also)) expect(names).toContain(name)
})

test('an option has a setting or a reason', () => {
  const bare = THUMBOR_OPTIONS.filter((option) => targetsOf(option).length === 0 && !option.note)
  expect(bare.map(({ name }) => name)).toEqual([])
})

/** Values by setting, those that leave the default not. */
function converted(name: string, value: ThumborValue, conf: ThumborConf = {}): Record<string, unknown> {
  const option = optionOf(name)
  if (!option) throw new Error(name)
  const values = targetsOf(option).map(({ setting, convert }) => [
    settingName(setting),
    convert(value, { ...conf, [name]: value }),
  ])
  return Object.fromEntries(values.filter(([path, to]) => to !== undefined && !/^storage\.\w+\./.test(String(path))))
}

describe('values', () => {
  test.each<[string, ThumborValue, Record<string, unknown>]>([
    ['MAX_AGE', 3600, { 'images.maxAge': '3600s' }],
    ['MAX_AGE', null, { 'images.maxAge': 0 }],
    ['STORAGE_EXPIRATION_SECONDS', null, { 'storage.expires (file)': 0, 'storage.expires (s3)': 0 }],
    ['HTTP_LOADER_CONNECT_TIMEOUT', 2.5, { 'sources[].connectTimeout (http)': '2.5s' }],
    ['MAX_PIXELS', 75e6, { 'images.maxPixels': 75_000_000 }],
    ['MAX_PIXELS', null, {}],
    ['QUALITY', 90, { 'images.quality': 90 }],
    ['QUALITY', 'keep', { 'images.keepQuality': true }],
    ['AVIF_SPEED', 6, { 'images.avifEffort': 3 }],
    ['AVIF_SPEED', 10, { 'images.avifEffort': 0 }],
    ['PILLOW_JPEG_SUBSAMPLING', '4:2:2', { 'images.jpegSubsampling': '4:2:0' }],
    ['PILLOW_JPEG_SUBSAMPLING', 0, { 'images.jpegSubsampling': '4:4:4' }],
    ['PILLOW_JPEG_SUBSAMPLING', null, {}],
    ['AUTO_IMAGE_FORMAT_PREFERENCE', ['AVIF', 'heif', 'jpg'], { 'images.formatPreference': ['avif', 'jpeg'] }],
    [
      'ALLOWED_SOURCES',
      ['img.example.com', '.+\\.example\\.org', '^.*\\.s3.example.net$'],
      { 'sources[].allow (http)': ['img.example.com', '*.example.org', '*.s3.example.net'] },
    ],
    ['USE_GIFSICLE_ENGINE', null, { 'compat.skipGifFilters': false }],
    ['USE_GIFSICLE_ENGINE', false, { 'compat.skipGifFilters': true }],
    [
      'DETECTORS',
      ['thumbor.detectors.face_detector', 'thumbor.detectors.queued_detector.queued_feature_detector'],
      { 'detection.detectors': ['face', 'feature'] },
    ],
    ['FACE_DETECTOR_CASCADE_FILE', 'haarcascade_frontalface_alt.xml', {}],
    ['FACE_DETECTOR_CASCADE_FILE', '/etc/faces.xml', { 'detection.faceCascade': '/etc/faces.xml' }],
    ['LOADER', 'thumbor.loaders.https_loader', { sources: [{ type: 'http', scheme: 'https' }] }],
    ['LOADER', 'thumbor.loaders.file_loader_http_fallback', { sources: [{ type: 'file' }, { type: 'http' }] }],
    ['STORAGE', null, { 'storage.type': 'none' }],
    ['STORAGE', 'tc_aws.storages.s3_storage', { 'storage.type': 's3', 'storage.layout (s3)': 'tc_aws' }],
    [
      'RESULT_STORAGE',
      'thumbor.result_storages.file_storage',
      { 'results.type': 'file', 'results.layout (file)': 'thumbor' },
    ],
    ['HTTP_LOADER_FOLLOW_REDIRECTS', false, { 'sources[].maxRedirects (http)': 0 }],
    ['HTTP_LOADER_FOLLOW_REDIRECTS', true, {}],
    ['HTTP_LOADER_VALIDATE_CERTS', null, {}],
    ['HEALTHCHECK_ROUTE', '/healthcheck/?', { 'balancer.healthcheck': '/healthcheck' }],
    ['HEALTHCHECK_ROUTE', '/', { 'balancer.healthcheck': '/' }],
    ['ACCESS_CONTROL_ALLOW_ORIGIN_HEADER', false, {}],
    ['FILTERS', ['thumbor.filters.redeye', 'thumbor.filters.rgb'], { 'filters.enabled': ['red_eye', 'rgb'] }],
    ['MAX_ID_LENGTH', 0, {}],
    ['MAX_ID_LENGTH', 36, { 'upload.maxIdLength': 36 }],
    ['MAX_WAIT_SECONDS_BEFORE_IO_SHUTDOWN', 30, { 'workers.stopTimeout': '30s' }],
    [
      'S3_STORAGE_RRS',
      true,
      { 'storage.storageClass (s3)': 'REDUCED_REDUNDANCY', 'results.storageClass (s3)': 'REDUCED_REDUNDANCY' },
    ],
    ['TC_AWS_STORAGE_SSE', false, {}],
  ])('%s = %j', (name, value, settings) => {
    const found = Object.entries(converted(name, value)).filter(([path]) => !path.startsWith('upload.storage.'))
    expect(Object.fromEntries(found)).toEqual(settings)
  })

  test('of options that belong together', () => {
    const conf = { HTTP_LOADER_PROXY_HOST: 'proxy.local', HTTP_LOADER_PROXY_PORT: 3128 }
    const proxy = { 'sources[].proxy (http)': 'http://proxy.local:3128' }
    expect(converted('HTTP_LOADER_PROXY_HOST', 'proxy.local', conf)).toEqual(proxy)
    expect(converted('HTTP_LOADER_PROXY_PORT', 3128, conf)).toEqual(proxy)
    expect(converted('HTTP_LOADER_PROXY_HOST', 'proxy.local')).toEqual({})
    const follow = { HTTP_LOADER_FOLLOW_REDIRECTS: false }
    expect(converted('HTTP_LOADER_MAX_REDIRECTS', 5, follow)).toEqual({ 'sources[].maxRedirects (http)': 0 })
    const file = 'thumbor.storages.file_storage'
    expect(converted('UPLOAD_PHOTO_STORAGE', file)).toEqual({})
    expect(converted('UPLOAD_PHOTO_STORAGE', file, { STORAGE: 'thumbor.storages.no_storage' })).toEqual({
      'upload.storage.type': 'file',
    })
  })

  test.each<[string, ThumborValue]>([
    ['ALLOWED_SOURCES', ['https?://(a|b)\\.example\\.com/.*']],
    ['LOADER', 'acme.loader'],
    ['DETECTORS', ['acme.detector']],
    ['HEALTHCHECK_ROUTE', '/(a|b)'],
  ])('%s = %j is not passed over in silence', (name, value) => {
    expect(() => converted(name, value)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })
})

test('what comes out is accepted by the schema', () => {
  const source = { type: 'http', scheme: 'https', connectTimeout: '2.5s', proxy: 'http://proxy.local:3128' }
  const storage = { type: 's3', bucket: 'cache', layout: 'tc_aws', storageClass: 'REDUCED_REDUNDANCY' }
  const input = {
    sources: [source],
    storage,
    images: { maxAge: '3600s', avifEffort: 3, jpegSubsampling: '4:2:0' },
    filters: { enabled: ['red_eye'] },
    balancer: { healthcheck: '/' },
  }
  expect(configSchema.safeParse(input).success).toBe(true)
})

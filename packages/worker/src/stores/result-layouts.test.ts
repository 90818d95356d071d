import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { autoFormatsOf } from '../../test/auto-formats.ts'
import { resultNamespace } from '../pipeline/result-namespace.ts'
import type { ResultRequest, StoredResult } from '../pipeline/types.ts'
import { legacyResultPath, tcAwsResultLayout, thumborAwsResultLayout, thumborLayout } from './result-layouts.ts'

interface Vectors {
  readonly result_storage: readonly {
    readonly request_url: string
    readonly config: Readonly<Record<string, unknown>>
    readonly accepts: readonly string[]
    readonly path: string
    readonly legacy_v2_path: string
    readonly can_migrate_legacy: boolean
  }[]
  readonly s3_keys: readonly { readonly plugin: string; readonly path: string; readonly s3_key: string }[]
}
const vectors = JSON.parse(
  readFileSync(new URL('../../test/vectors/thumbor/storage-paths.json', import.meta.url), 'utf8'),
) as Vectors
const ROOT = '/data/thumbor/result_storage/'

const plain = { name: 'default', isPlain: true, webp: false }
const webp = { name: 'auto_webp', isPlain: true, webp: true }
const mixed = { name: 'auto_format_v1_flags_preserve_webp-avif', isPlain: false, webp: true }

function requestOf(path: string, namespace = plain, more: Partial<ResultRequest> = {}): ResultRequest {
  return {
    key: 'key',
    path,
    isUnsafe: false,
    namespace: () => namespace,
    assumed: () => ({ contentType: undefined, maxAge: 60, vary: true, ignored: [] }),
    ...more,
  }
}

test.each(vectors.result_storage)('$request_url with $config for $accepts lies at $path', (vector) => {
  const namespace = resultNamespace(autoFormatsOf(vector.config), (format) =>
    vector.accepts.includes(`accepts_${format === 'jpg' ? 'jpeg' : format}`),
  )
  const layout = thumborLayout(() => undefined)
  const request = requestOf(vector.request_url, namespace)
  expect(ROOT + layout.nameOf(request)).toBe(vector.path)
  const isWebp = vector.config.AUTO_WEBP === true && vector.accepts.includes('accepts_webp')
  expect(ROOT + legacyResultPath(vector.request_url, isWebp)).toBe(vector.legacy_v2_path)
  const legacy = vector.can_migrate_legacy ? vector.legacy_v2_path.slice(ROOT.length) : undefined
  expect(layout.legacyNameOf?.(request)).toBe(legacy)
})

test('every vector is checked', () => expect(vectors.result_storage.length).toBe(11))

test.each([
  '/unsafe/../../../etc/passwd',
  '/unsafe/%2e%2e/%2e%2e/x',
  '/../x',
  '/./x',
  '/unsafe/a%00.jpg',
  '/http://../x',
  '/..http:///x',
])('the legacy name of %j would lead elsewhere: there is none', (path) => {
  expect(legacyResultPath(path, false)).toBeUndefined()
})

const bytes = Buffer.from('the bytes')
const result: StoredResult = {
  data: bytes,
  contentType: 'image/webp',
  etag: '"made"',
  lastModified: 5,
  maxAge: 7,
  vary: true,
  ignored: [],
}

test('a picture kept as thumbor keeps it: bytes alone, the rest is told from them and the request', () => {
  const layout = thumborLayout(() => 'image/webp')
  expect(layout.encode(requestOf('/a'), result)).toMatchObject({ bytes, contentType: 'image/webp' })
  expect(layout.decode(requestOf('/a'), { bytes, modifiedAt: 12_345 })).toEqual({
    data: bytes,
    contentType: 'image/webp',
    etag: '"7be32645e0437bfbbfa003fc5251d15ba55595ab"',
    lastModified: 12_000,
    maxAge: 60,
    vary: true,
    ignored: [],
  })
})

test('a document of /meta/ comes back as JSON, which thumbor calls image/jpeg', () => {
  const assumed = () => ({ contentType: 'application/json', maxAge: 0, vary: false, ignored: [] })
  const request = requestOf('/unsafe/meta/a.jpg', plain, { assumed })
  const entry = thumborLayout(() => undefined).decode(request, { bytes: Buffer.from('{}'), modifiedAt: 0 })
  expect(entry?.contentType).toBe('application/json')
})

test('what is no picture, nothing at all, and what is older than the upload are no entries', () => {
  const decode = (found: { bytes: Buffer; modifiedAt: number }, more: Partial<ResultRequest> = {}) =>
    thumborLayout((data) => (data.equals(bytes) ? 'image/webp' : undefined)).decode(requestOf('/a', plain, more), found)
  expect(decode({ bytes, modifiedAt: 1_000 })).toBeDefined()
  expect(decode({ bytes: Buffer.from('noise'), modifiedAt: 1_000 })).toBeUndefined()
  expect(decode({ bytes: Buffer.alloc(0), modifiedAt: 1_000 })).toBeUndefined()
  expect(decode({ bytes, modifiedAt: 1_000 }, { uploadedAt: 1_001 })).toBeUndefined()
  expect(decode({ bytes, modifiedAt: 1_000 }, { uploadedAt: 1_000 })).toBeDefined()
})

const aws = { root: '', randomize: false, rootImageName: '', storeHeaders: false, contentTypeOf: () => undefined }

test('tc_aws: the path, and webp behind it; other formats that depend on Accept have a segment of their own', () => {
  const nameOf = (namespace: typeof plain) => tcAwsResultLayout(aws).nameOf(requestOf('/sig=/9x9/a.jpg', namespace))
  expect(nameOf(plain)).toBe('sig=/9x9/a.jpg')
  expect(nameOf(webp)).toBe('sig=/9x9/a.jpg/webp')
  expect(nameOf(mixed)).toBe(`sig=/9x9/a.jpg/${mixed.name}`)
})

test.each(vectors.s3_keys.filter(({ plugin }) => plugin.includes('result')))(
  'thumbor_aws: the result of $path has the key $s3_key',
  ({ path, s3_key }) => {
    expect(thumborAwsResultLayout(aws).nameOf(requestOf(path))).toBe(s3_key)
  },
)

test('thumbor_aws: the variant takes part in the hash', () => {
  const layout = thumborAwsResultLayout({ ...aws, root: 'r/' })
  // printf /a.jpg.webp | sha1sum
  expect(layout.nameOf(requestOf('/a.jpg', webp))).toBe('r/807023c7569f013b6589c94f42f8d99d22522360')
})

test('headers of the answer become metadata where that is wished', () => {
  const { metadata } = tcAwsResultLayout({ ...aws, storeHeaders: true }).encode(requestOf('/a'), result)
  expect(metadata).toEqual({
    'content-type': 'image/webp',
    etag: '"made"',
    'cache-control': 'max-age=7,public',
    vary: 'Accept',
  })
  expect(tcAwsResultLayout(aws).encode(requestOf('/a'), result).metadata).toBeUndefined()
})

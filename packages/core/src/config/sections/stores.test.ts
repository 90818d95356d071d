import { expect, test } from 'vitest'
import { loadConfig } from '../load.ts'
import { maskSecrets, resolveSecrets } from '../secrets.ts'

const load = (env: Record<string, string>, flags: Record<string, string> = {}) =>
  loadConfig({ env, flags, base: '/srv' }).config

const mixed = {
  IMGSVC_STORAGE_TYPE: 'mixed',
  IMGSVC_STORAGE_ORIGINALS_TYPE: 'file',
  IMGSVC_STORAGE_ORIGINALS_ROOT: 'o',
  IMGSVC_STORAGE_KEYS_TYPE: 's3',
  IMGSVC_STORAGE_KEYS_BUCKET: 'keys',
  IMGSVC_STORAGE_KEYS_ROOT: 'prefix',
  IMGSVC_STORAGE_KEYS_ACCESS_KEY_ID: 'env:ID',
  IMGSVC_STORAGE_KEYS_SECRET_ACCESS_KEY: 'plain secret',
}

test('the parts of a mixed storage are set by variables; paths are resolved, prefixes and what is left out are not', () => {
  const { storage } = load(mixed)
  expect(storage).toMatchObject({
    type: 'mixed',
    originals: { type: 'file', root: '/srv/o' },
    keys: { type: 's3', root: 'prefix', layout: 'imgsvc' },
    detectors: { type: 'none' },
  })
})

test('secrets within a part are resolved and masked', () => {
  const config = load(mixed)
  expect(resolveSecrets(config, { env: { ID: 'the id' } }).storage).toMatchObject({
    keys: { accessKeyId: 'the id', secretAccessKey: 'plain secret' },
  })
  expect(maskSecrets(config).storage).toMatchObject({ keys: { accessKeyId: 'env:ID', secretAccessKey: '***' } })
})

test('uploads stay with the originals unless they have a storage of their own', () => {
  expect(load({}).upload.storage).toEqual({ type: 'originals' })
  const own = load({ IMGSVC_UPLOAD_STORAGE_TYPE: 'file' }).upload.storage
  expect(own).toEqual({ type: 'file', root: '/srv/uploads', maxBytes: 0, expires: 0 })
})

test('a setting that file and s3 share is read once, and only once blamed', () => {
  const types = { IMGSVC_STORAGE_TYPE: 's3', IMGSVC_STORAGE_BUCKET: 'cache', IMGSVC_RESULTS_TYPE: 'file' }
  const roots = { IMGSVC_STORAGE_ROOT: 'r', IMGSVC_RESULTS_ROOT: 'r' }
  const config = load({ ...types, ...roots, IMGSVC_STORAGE_EXPIRES: '1h' })
  expect(config.storage).toMatchObject({ root: 'r', expires: 3_600_000 })
  expect(config.results).toMatchObject({ root: '/srv/r' })
  const lines = (() => {
    try {
      load({ ...types, IMGSVC_STORAGE_EXPIRES: '[1h' })
    } catch (error) {
      return (error as Error).message.match(/IMGSVC_STORAGE_EXPIRES/g)
    }
    return undefined
  })()
  expect(lines).toHaveLength(1)
})

test.each(['', 'x', 'Photos', 'a/b', 'arn:aws:s3:::b'])('%j is no bucket', (bucket) => {
  expect(() => load({}, { 'results.type': 's3', 'results.bucket': bucket })).toThrow(
    'results.bucket: expected the name of a bucket such as my-photos',
  )
})

test('a storage in S3 has to name its bucket', () => {
  expect(() => load({}, { 'storage.type': 's3' })).toThrow(
    'storage.bucket: missing; expected the name of a bucket such as my-photos',
  )
})

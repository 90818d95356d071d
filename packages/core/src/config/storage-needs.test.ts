import { expect, test } from 'vitest'
import { loadConfig } from './load.ts'
import { configSchema } from './schema.ts'
import { storageMistakes } from './storage-needs.ts'

test('uploads and the blacklist need a storage of originals', () => {
  const wishes = { upload: { enabled: true }, security: { useBlacklist: true } }
  expect(storageMistakes(configSchema.parse(wishes))).toEqual([
    { path: 'storage.type', message: 'expected "file" or "s3", which upload.enabled needs, got "none"' },
    { path: 'storage.type', message: 'expected "file" or "s3", which security.useBlacklist needs, got "none"' },
  ])
  expect(storageMistakes(configSchema.parse({ ...wishes, storage: { type: 'file' } }))).toEqual([])
  expect(storageMistakes(configSchema.parse({}))).toEqual([])
  const own = { upload: { enabled: true, storage: { type: 'file' as const } } }
  expect(storageMistakes(configSchema.parse(own))).toEqual([])
})

test('keys per image need a place for keys; a mixed storage is looked at part by part', () => {
  const wishes = { upload: { enabled: true }, security: { keyPerImage: true } }
  expect(storageMistakes(configSchema.parse({ security: { keyPerImage: true } })).map(({ path }) => path)).toEqual([
    'storage.type',
  ])
  const paths = (storage: object) => storageMistakes(configSchema.parse({ ...wishes, storage })).map(({ path }) => path)
  expect(paths({ type: 'mixed' })).toEqual(['storage.originals.type', 'storage.keys.type'])
  expect(paths({ type: 'mixed', keys: { type: 'file' } })).toEqual(['storage.originals.type'])
  expect(paths({ type: 'mixed', originals: { type: 'file' }, keys: { type: 's3', bucket: 'keys' } })).toEqual([])
})

test('loading such a configuration fails and names the setting', () => {
  const flags = { 'upload.enabled': 'true' }
  expect(() => loadConfig({ env: {}, flags, base: '/' })).toThrow('storage.type: expected "file" or "s3"')
})

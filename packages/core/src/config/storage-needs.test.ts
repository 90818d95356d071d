import { expect, test } from 'vitest'
import { loadConfig } from './load.ts'
import { configSchema } from './schema.ts'
import { storageMistakes } from './storage-needs.ts'

test('uploads and the blacklist need a storage of originals', () => {
  const wishes = { upload: { enabled: true }, security: { useBlacklist: true } }
  expect(storageMistakes(configSchema.parse(wishes))).toEqual([
    { path: 'storage.type', message: 'expected "file", which upload.enabled needs, got "none"' },
    { path: 'storage.type', message: 'expected "file", which security.useBlacklist needs, got "none"' },
  ])
  expect(storageMistakes(configSchema.parse({ ...wishes, storage: { type: 'file' } }))).toEqual([])
  expect(storageMistakes(configSchema.parse({}))).toEqual([])
})

test('loading such a configuration fails and names the setting', () => {
  const flags = { 'upload.enabled': 'true' }
  expect(() => loadConfig({ env: {}, flags, base: '/' })).toThrow('storage.type: expected "file"')
})

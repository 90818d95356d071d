import { expect, test } from 'vitest'
import { keyPairMistakes } from './key-pairs.ts'
import { loadConfig } from './load.ts'
import { configSchema } from './schema.ts'

const message = 'expected accessKeyId and secretAccessKey together, or neither (default credential chain)'

test('half a static key is a mistake wherever it stands', () => {
  const bucket = { type: 's3' as const, bucket: 'photos' }
  const config = configSchema.parse({
    sources: [
      { type: 'file', root: '/p' },
      { ...bucket, accessKeyId: 'id' },
    ],
    storage: { type: 'mixed', originals: { ...bucket, secretAccessKey: 'secret' } },
    results: { ...bucket, accessKeyId: 'id', secretAccessKey: 'secret' },
  })
  expect(keyPairMistakes(config)).toEqual([
    { path: 'sources[1].secretAccessKey', message },
    { path: 'storage.originals.accessKeyId', message },
  ])
  expect(keyPairMistakes(configSchema.parse({}))).toEqual([])
})

test('loading such a configuration fails and names the setting', () => {
  const flags = { 'results.type': 's3', 'results.bucket': 'photos', 'results.accessKeyId': 'id' }
  expect(() => loadConfig({ env: {}, flags, base: '/' })).toThrow(`results.secretAccessKey: ${message}`)
})

import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { startApp } from './app-fixture.ts'

const isLoaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('@aws-sdk'))

test('the S3 driver is loaded when a storage is in S3, and not before', async () => {
  const plain = await startApp({ sources: [{ type: 'http' }] })
  await plain.stop()
  expect(isLoaded()).toBe(false)
  const results = { type: 's3', bucket: 'bucket', endpoint: 'http://127.0.0.1:1', retries: 0 } as const
  const inS3 = await startApp({ results })
  await inS3.stop()
  expect(isLoaded()).toBe(true)
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type SourceConfig, source } from '@imgsvc/core/config/sections/sources'
import { expect, test } from 'vitest'
import { createSources } from './sources.ts'

const io = { signal: new AbortController().signal }

test('configured sources become one chain in their order', async () => {
  const root = await mkdtemp(join(tmpdir(), 'is-'))
  await writeFile(join(root, 'a.jpg'), 'from the file source')
  const sources = await createSources([
    source.parse({ type: 'file', root }),
    source.parse({ type: 's3', endpoint: 'http://127.0.0.1:1', accessKeyId: 'k', secretAccessKey: 's' }),
    source.parse({ type: 'http', allow: ['example.com'] }),
  ])
  const found = await sources.load('a.jpg', io)
  expect([found.bytes.toString(), found.storable]).toEqual(['from the file source', false])
  await expect(sources.load('http%3A//elsewhere.com/a.jpg', io)).rejects.toMatchObject({ code: 'SOURCE_REFUSED' })
  // No bucket, no host: every source passes.
  await expect(sources.load('b.jpg', io)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
  await sources.close()
  await rm(root, { recursive: true })
})

test('a missing local file is not looked up as a host', async () => {
  const root = await mkdtemp(join(tmpdir(), 'is-'))
  const sources = await createSources([source.parse({ type: 'file', root }), source.parse({ type: 'http' })])
  await expect(sources.load('cats/missing.jpg', io)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
  await sources.close()
  await rm(root, { recursive: true })
})

test('an allow-list entry that could never match stops the start', async () => {
  const config = { ...source.parse({ type: 'http' }), allow: ['http://example.com/'] } as SourceConfig
  await expect(createSources([config])).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})

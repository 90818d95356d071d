import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '@imgsvc/core/config/schema'
import { configSchema } from '@imgsvc/core/config/schema'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type S3Server, startS3Server } from '../../test/s3-fixture.ts'
import type { DetectedPoint } from './detector-data.ts'
import { originalPath } from './keys.ts'
import { createOriginals, type Originals } from './originals.ts'
import { createS3Store } from './s3.ts'

const signal = new AbortController().signal
const io = { signal }
const picture = { bytes: Buffer.from('the bytes of an original'), modifiedAt: undefined }
const points: readonly DetectedPoint[] = [
  { x: 10.5, y: 20, z: 400, width: 20, height: 20, origin: 'Face Detection' },
  { x: 1, y: 2, z: 1, width: 1, height: 1, origin: 'alignment' },
]

let server: S3Server
let root: string
let warnings: Record<string, unknown>[]
let errors: number
let offset: number
let opened: Originals[]

beforeAll(async () => {
  server = await startS3Server('bucket', 'keys')
})
afterAll(() => server.stop())
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'or-'))
  warnings = []
  errors = 0
  offset = 0
  opened = []
})
afterEach(async () => {
  for (const one of opened) await one.close()
  await rm(root, { recursive: true, force: true })
})

async function open(storage: object, autoWebp = false, uploads: object = { type: 'originals' }): Promise<Originals> {
  const originals = await createOriginals({
    storage: configSchema.parse({ storage }).storage as Config['storage'],
    uploads: configSchema.parse({ upload: { storage: uploads } }).upload.storage,
    autoWebp,
    log: { warn: (fields) => void warnings.push({ ...fields }) },
    onError: () => void errors++,
    contentTypeOf: () => 'image/jpeg',
    // A test moves the time on by `offset` ms.
    clock: { now: () => Date.now() + offset, monotonic: () => performance.now(), timer: () => () => undefined },
  })
  opened.push(originals)
  return originals
}

const inBucket = (more: object = {}) => ({ type: 's3', bucket: 'bucket', ...server.connection, ...more })
let places = 0

const kinds: readonly (readonly [string, () => object])[] = [
  ['file', () => ({ type: 'file', root })],
  ['s3', () => inBucket({ root: `own-${places++}` })],
  ['s3 as tc_aws', () => inBucket({ root: `tc-${places++}`, layout: 'tc_aws', rootImageName: 'root_image' })],
  ['s3 as tc_aws, randomised', () => inBucket({ root: `rnd-${places++}`, layout: 'tc_aws', randomizeKeys: true })],
  ['s3 as thumbor_aws', () => inBucket({ root: `wt-${places++}/`, layout: 'thumbor_aws' })],
  [
    'mixed',
    () => ({
      type: 'mixed',
      originals: { type: 'file', root: join(root, 'o') },
      keys: inBucket({ bucket: 'keys', root: `mixed-${places++}` }),
      detectors: { type: 'file', root: join(root, 'd') },
    }),
  ],
]

describe.each(kinds)('originals in %s', (_, storage) => {
  test('an original, its key and its points come back, also to another worker', async () => {
    const config = storage()
    const first = await open(config)
    await first.storage.put('http%3A//example.com/a%20b.jpg', picture)
    await first.keys.put('http%3A//example.com/a%20b.jpg', 'sécret', true)
    await first.detectors.put('http%3A//example.com/a%20b.jpg', points)
    const other = await open(config)
    expect((await other.storage.get('http%3A//example.com/a%20b.jpg', io))?.bytes.equals(picture.bytes)).toBe(true)
    expect(await other.keys.get('http%3A//example.com/a%20b.jpg', io)).toBe('sécret')
    expect(await other.detectors.get('http%3A//example.com/a%20b.jpg', io)).toEqual(points)
    await other.storage.delete('http%3A//example.com/a%20b.jpg')
    expect(await first.storage.get('http%3A//example.com/a%20b.jpg', io)).toBeUndefined()
    // As in thumbor, removing an original leaves what belongs to it.
    expect(await first.keys.get('http%3A//example.com/a%20b.jpg', io)).toBe('sécret')
    expect([warnings, errors]).toEqual([[], 0])
  })

  test('what is not there is undefined, and no error', async () => {
    const { storage: originals, keys, detectors } = await open(storage())
    expect(await originals.get('none.jpg', io)).toBeUndefined()
    expect(await keys.get('none.jpg', io)).toBeUndefined()
    expect(await detectors.get('none.jpg', io)).toBeUndefined()
    await originals.delete('none.jpg')
    expect([warnings, errors]).toEqual([[], 0])
  })

  test('originals and points expire by the time of writing, keys never', async () => {
    const config = storage() as { type: string; originals?: object; detectors?: object }
    const short = { expires: 60_000 }
    const parts = { originals: { ...config.originals, ...short }, detectors: { ...config.detectors, ...short } }
    const {
      storage: originals,
      keys,
      detectors,
    } = await open({
      ...config,
      ...(config.type === 'mixed' ? parts : short),
    })
    await Promise.all([
      originals.put('old.jpg', picture),
      keys.put('old.jpg', 'k', true),
      detectors.put('old.jpg', points),
    ])
    offset = 55_000
    expect(await originals.get('old.jpg', io)).toBeDefined()
    expect(await detectors.get('old.jpg', io)).toBeDefined()
    offset = 65_000
    expect(await originals.get('old.jpg', io)).toBeUndefined()
    expect(await detectors.get('old.jpg', io)).toBeUndefined()
    expect(await keys.get('old.jpg', io)).toBe('k')
  })

  test('points of a picture that was replaced since do not count', async () => {
    const { detectors } = await open(storage())
    await detectors.put('new.jpg', points)
    expect(await detectors.get('new.jpg', { signal, notBefore: Date.now() - 60_000 })).toEqual(points)
    expect(await detectors.get('new.jpg', { signal, notBefore: Date.now() + 60_000 })).toBeUndefined()
  })

  test('many writers of one source leave it whole', async () => {
    const { storage: originals } = await open(storage())
    const bodies = Array.from({ length: 8 }, (_, i) => Buffer.alloc(50_000, i))
    await Promise.all(bodies.map((bytes) => originals.put('race.jpg', { bytes, modifiedAt: undefined })))
    const found = await originals.get('race.jpg', io)
    expect(bodies.some((bytes) => found?.bytes.equals(bytes))).toBe(true)
  })

  test.each(['../../up.jpg', '/../up.jpg', 'nul\0.jpg', 'x'.repeat(5_000), '', '/', '\u{1f600}/\u202e.jpg', 'a/b/'])(
    'the hostile source %j harms nothing',
    async (source) => {
      const { storage: originals, keys, detectors } = await open(storage())
      await Promise.all([originals.put(source, picture), keys.put(source, 'k', true), detectors.put(source, points)])
      const found = await originals.get(source, io)
      expect(found === undefined || found.bytes.equals(picture.bytes)).toBe(true)
      expect(['k', undefined]).toContain(await keys.get(source, io))
      await originals.delete(source)
      expect(await originals.get(source, io)).toBeUndefined()
      await expect(readFile(join(root, '../up.jpg'))).rejects.toMatchObject({ code: 'ENOENT' })
    },
  )

  test('uploads are kept where originals are, and a deleted one is gone', async () => {
    const { uploads } = await open(storage())
    const id = 'e5bcf126791b43759f73925ab8b9fb5f'
    await uploads?.put(id, picture.bytes, io)
    expect((await uploads?.get(id, io))?.bytes.equals(picture.bytes)).toBe(true)
    expect((await uploads?.find(id, io))?.size).toBe(picture.bytes.length)
    expect(await uploads?.delete(id, io)).toBe(true)
    expect(await uploads?.delete(id, io)).toBe(false)
  })

  test('the blacklist keeps every line of one worker, and another sees them', async () => {
    const config = storage()
    const { blacklist } = await open(config)
    expect(await blacklist?.read()).toBe('')
    await Promise.all(['a.jpg', 'b.jpg', 'c.jpg'].map((line) => blacklist?.add(line)))
    const lines = ((await (await open(config)).blacklist?.read()) ?? '').split('\n').sort()
    expect(lines).toEqual(['', 'a.jpg', 'b.jpg', 'c.jpg'])
    expect((await blacklist?.read())?.length).toBe(18)
  })
})

test('thumbor’s own files are understood', async () => {
  const { storage, keys, detectors } = await open({ type: 'file', root })
  const path = join(root, originalPath('image.jpg'))
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, picture.bytes)
  await writeFile(`${path}.txt`, 'MY-SECURE-KEY\n')
  await writeFile(
    `${path}.detectors.txt`,
    '[{"x": 1.5, "y": 2, "z": 3, "height": 4, "width": 5, "origin": "Face Detection"}]',
  )
  expect((await storage.get('image.jpg', io))?.bytes.equals(picture.bytes)).toBe(true)
  expect(await keys.get('image.jpg', io)).toBe('MY-SECURE-KEY')
  expect(await detectors.get('image.jpg', io)).toEqual([
    { x: 1.5, y: 2, z: 3, width: 5, height: 4, origin: 'Face Detection' },
  ])
})

test.each([
  '',
  '[',
  '{}',
  '"x"',
  'null',
  '[1]',
  '[{"x":1,"y":2}]',
  '[{"x":"1","y":2,"z":3}]',
  '[{"x":1e999,"y":2,"z":3}]',
])('points damaged to %j count as none', async (text) => {
  const { detectors } = await open({ type: 'file', root })
  const path = join(root, `${originalPath('a.jpg')}.detectors.txt`)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, text)
  expect(await detectors.get('a.jpg', io)).toBeUndefined()
  await detectors.put('a.jpg', points)
  expect(await detectors.get('a.jpg', io)).toEqual(points)
})

test('no points at all are an answer, too: nothing was found', async () => {
  const { detectors } = await open({ type: 'file', root })
  await detectors.put('a.jpg', [])
  expect(await detectors.get('a.jpg', io)).toEqual([])
})

test('a document larger than any of ours is not read', async () => {
  const { detectors, keys } = await open({ type: 'file', root })
  const path = join(root, originalPath('a.jpg'))
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(`${path}.detectors.txt`, `[${' '.repeat(300_000)}]`)
  await writeFile(`${path}.txt`, 'k'.repeat(5_000))
  expect(await detectors.get('a.jpg', io)).toBeUndefined()
  expect(await keys.get('a.jpg', io)).toBeUndefined()
  expect(errors).toBe(2)
})

test('a key is replaced with its original, and otherwise the first one stays', async () => {
  const config = { type: 'file', root }
  const first = await open(config)
  await first.keys.put('a.jpg', 'one', false)
  await first.keys.put('a.jpg', 'two', false)
  expect(await first.keys.get('a.jpg', io)).toBe('one')
  await (await open(config)).keys.put('a.jpg', 'two', false)
  expect(await first.keys.get('a.jpg', io)).toBe('one')
  await (await open(config)).keys.put('a.jpg', 'two', true)
  expect(await first.keys.get('a.jpg', io)).toBe('two')
})

test('a key that is kept is not written again at every load', async () => {
  const { keys } = await open(inBucket({ root: 'once' }))
  const name = `/bucket/once/${originalPath('a.jpg')}.txt`
  for (let i = 0; i < 5; i++) await keys.put('a.jpg', 'key', i % 2 === 0)
  expect(server.puts(name).length).toBe(1)
})

test('a place that cannot be written to: nothing fails, every failure counts, each cause is told once', async () => {
  await writeFile(join(root, 'plain'), 'a file where a folder is needed')
  const { storage, keys, detectors } = await open({ type: 'file', root: join(root, 'plain') })
  for (let i = 0; i < 2; i++) {
    await Promise.all([storage.put('a', picture), keys.put('a', 'k', true), detectors.put('a', points)])
  }
  expect(await storage.get('a', io)).toBeUndefined()
  expect(errors).toBe(6)
  expect(warnings.map(({ store, operation, cause }) => `${store} ${operation} ${cause}`).sort()).toEqual([
    'detectors write ENOTDIR',
    'keys write ENOTDIR',
    'originals write ENOTDIR',
  ])
})

test('a bucket that refuses us is a miss, counted and told once', async () => {
  const { storage, keys, detectors } = await open(inBucket({ secretAccessKey: 'wrong' }))
  for (let i = 0; i < 2; i++) {
    expect(await storage.get('a', io)).toBeUndefined()
    expect(await keys.get('a', io)).toBeUndefined()
    expect(await detectors.get('a', io)).toBeUndefined()
  }
  expect(errors).toBe(6)
  expect(warnings.length).toBe(3)
})

test('an aborted look-up rejects with the signal’s reason', async () => {
  const { keys, detectors } = await open({ type: 'file', root })
  const reason = new Error('gone')
  await expect(keys.get('a', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  await expect(detectors.get('a', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})

test.each([{ type: 'none' }, { type: 'mixed' }])('%j keeps nothing', async (config) => {
  const { storage, keys, detectors, uploads, blacklist } = await open(config)
  await Promise.all([storage.put('a', picture), keys.put('a', 'k', true), detectors.put('a', points)])
  expect(await storage.get('a', io)).toBeUndefined()
  expect(await keys.get('a', io)).toBeUndefined()
  expect(await detectors.get('a', io)).toBeUndefined()
  expect([uploads, blacklist]).toEqual([undefined, undefined])
})

test('uploads in a storage of their own stay when originals are cleared, and need none', async () => {
  for (const storage of [{ type: 'file', root: join(root, 'o'), expires: 1 }, { type: 'none' }]) {
    const { uploads, storage: originals, keepsOriginals } = await open(storage, false, { type: 'file', root })
    expect(keepsOriginals).toBe(storage.type === 'file')
    await uploads?.put('an-id', picture.bytes, io)
    expect((await readFile(join(root, originalPath('an-id')))).equals(picture.bytes)).toBe(true)
    offset = 60_000
    expect((await uploads?.get('an-id', io))?.bytes.equals(picture.bytes)).toBe(true)
    expect(await originals.get('an-id', io)).toBeUndefined()
  }
})

test('S3 objects lie under the plug-in’s names and carry a media type', async () => {
  const { storage, keys, detectors } = await open(
    inBucket({ layout: 'tc_aws', root: 'st', storageClass: 'REDUCED_REDUNDANCY', encryption: 'AES256' }),
  )
  await Promise.all([
    storage.put('http%3A//a.b/c.jpg', picture),
    keys.put('http%3A//a.b/c.jpg', 'k', true),
    detectors.put('http%3A//a.b/c.jpg', points),
  ])
  expect((await server.head('bucket/st/http%3A/a.b/c.jpg')).headers['content-type']).toBe('image/jpeg')
  expect((await server.head('bucket/st/http%3A/a.b/c.txt')).headers['content-type']).toBe('text/plain')
  expect((await server.head('bucket/st/http%3A/a.b/c.detectors.txt')).headers['content-type']).toBe('application/json')
  const [headers] = server.puts('/bucket/st/http%253A/a.b/c.jpg')
  expect(headers).toMatchObject({
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    'x-amz-server-side-encryption': 'AES256',
  })
})

test('tc_aws’s second copy for clients that take WebP is read, but not written', async () => {
  const store = await createS3Store({
    ...server.connection,
    bucket: 'bucket',
    root: '',
    region: 'us-east-1',
    timeout: 5_000,
    retries: 0,
  })
  await store.put?.('two/a.jpg/webp', picture, io)
  const config = inBucket({ layout: 'tc_aws', root: 'two' })
  expect(await (await open(config)).storage.get('a.jpg', io)).toBeUndefined()
  const { storage } = await open(config, true)
  expect((await storage.get('a.jpg', io))?.bytes.equals(picture.bytes)).toBe(true)
  await storage.put('b.jpg', picture)
  expect(server.written.filter((path) => path.startsWith('/bucket/two/b'))).toEqual(['/bucket/two/b.jpg'])
  await store.close?.()
})

import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ResultRequest, StoredResult } from '../pipeline/types.ts'
import { resultPath } from './keys.ts'
import { createNoResultStorage, type ResultStorageOptions } from './result-storage.ts'
import { createResults } from './results.ts'

const result: StoredResult = {
  data: Buffer.from('the bytes of a finished picture'),
  contentType: 'image/webp',
  etag: '"abc"',
  lastModified: 1_700_000_000_000,
  maxAge: 86_400,
  vary: true,
  ignored: ['bogus(1)', 'ünï("x")'],
}

let root: string
let warnings: { fields: Record<string, unknown>; text: string }[]
let outcomes: string[]
const pathOf = (key: string) => join(root, resultPath('v1', key))

interface Wishes extends Pick<ResultStorageOptions, 'clock' | 'limits'> {
  readonly root?: string
  readonly expires?: number
  readonly storeUnsafe?: boolean
  readonly layout?: 'imgsvc' | 'thumbor'
}

/** A file result storage whose entries are asked for by one text: key and path. */
async function create({ clock, limits, ...config }: Partial<Wishes> = {}) {
  const log = { warn: (fields: object, text: string) => void warnings.push({ fields: { ...fields }, text }) }
  const storage = await createResults(
    { type: 'file', root, maxBytes: 0, expires: 0, storeUnsafe: true, layout: 'imgsvc', ...config },
    {
      log,
      onPut: (outcome) => outcomes.push(outcome),
      contentTypeOf: (bytes) => (bytes.toString('latin1').startsWith('the bytes') ? 'image/webp' : undefined),
      ...(clock && { clock }),
      ...(limits && { limits }),
    },
  )
  return {
    get: (text: string) => storage.get(requestOf(text)),
    put: (text: string, value: StoredResult) => storage.put(requestOf(text), value),
    close: () => storage.close(),
  }
}

function requestOf(text: string): ResultRequest {
  return {
    key: text,
    path: text,
    isUnsafe: text.startsWith('/unsafe/'),
    namespace: () => ({ name: 'default', isPlain: true, webp: false }),
    assumed: () => ({ contentType: undefined, maxAge: 60, vary: false, ignored: [] }),
  }
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ir-'))
  warnings = []
  outcomes = []
})
afterEach(() => rm(root, { recursive: true, force: true }))

test('what is put comes back with all that belongs to it, also to another worker', async () => {
  await (await create()).put('/unsafe/a.jpg', result)
  expect(await (await create()).get('/unsafe/a.jpg')).toEqual(result)
  expect(outcomes).toEqual(['stored'])
  expect(warnings).toEqual([])
})

test('an empty body and a missing key', async () => {
  const storage = await create()
  await storage.put('empty', { ...result, data: Buffer.alloc(0) })
  expect((await storage.get('empty'))?.data.length).toBe(0)
  expect(await storage.get('other')).toBeUndefined()
})

test('a file cut anywhere is a miss and removed', async () => {
  const storage = await create()
  await storage.put('k', result)
  const whole = await readFile(pathOf('k'))
  for (let length = 0; length < whole.length; length++) {
    await writeFile(pathOf('k'), whole)
    await truncate(pathOf('k'), length)
    expect(await storage.get('k'), `cut at ${length}`).toBeUndefined()
    expect(await readdir(dirname(pathOf('k'))), `cut at ${length}`).toEqual([])
  }
  expect(warnings.at(-1)?.text).toBe('damaged result removed')
})

test('one flipped bit anywhere is a miss', async () => {
  const storage = await create()
  await storage.put('k', result)
  const whole = await readFile(pathOf('k'))
  for (let at = 0; at < whole.length; at++) {
    const flipped = Buffer.from(whole)
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
    await writeFile(pathOf('k'), flipped)
    expect(await storage.get('k'), `byte ${at}`).toBeUndefined()
  }
  await writeFile(pathOf('k'), Buffer.concat([whole, Buffer.from('x')]))
  expect(await storage.get('k')).toBeUndefined()
})

test('a file under the name of another key does not answer for it', async () => {
  const storage = await create()
  await storage.put('a', result)
  await mkdir(dirname(pathOf('b')), { recursive: true })
  await writeFile(pathOf('b'), await readFile(pathOf('a')))
  expect(await storage.get('b')).toBeUndefined()
  expect(await storage.get('a')).toEqual(result)
})

test('an entry older than `expires` is a miss, and one of exactly that age is not', async () => {
  const now = Date.now()
  await (await create()).put('k', result)
  await utimes(pathOf('k'), new Date(now), new Date(now))
  const at = async (ms: number) => {
    const clock = { now: () => now + ms, monotonic: () => 0, timer: () => () => undefined }
    return (await create({ expires: 1_000, clock })).get('k')
  }
  expect(await at(1_000)).toEqual(result)
  expect(await at(1_001)).toBeUndefined()
})

test('a root that cannot be used never fails a request and is told once, until it works again', async () => {
  const blocked = join(root, 'plain')
  await writeFile(blocked, '')
  const storage = await create({ root: blocked })
  for (let i = 0; i < 3; i++) {
    await storage.put(`k${i}`, result)
    expect(await storage.get(`k${i}`)).toBeUndefined()
  }
  expect(outcomes).toEqual(['failed', 'failed', 'failed'])
  expect(warnings.map(({ fields }) => [fields.operation, fields.cause])).toEqual([['write', 'ENOTDIR']])
  await rm(blocked)
  await storage.put('k', result)
  expect(await storage.get('k')).toEqual(result)
  await rm(blocked, { recursive: true })
  await writeFile(blocked, '')
  await storage.put('again', result)
  expect(warnings.length).toBe(2)
})

test('beyond the bound of pending writes results are dropped and counted; close waits for the rest', async () => {
  const storage = await create({ limits: { concurrency: 1, maxPending: 5, maxPendingBytes: 1_000_000 } })
  const puts = Array.from({ length: 20 }, (_, i) => storage.put(`k${i}`, result))
  await storage.close()
  expect(outcomes.filter((outcome) => outcome === 'stored').length).toBe(5)
  await Promise.all(puts)
  expect(outcomes.filter((outcome) => outcome === 'dropped').length).toBe(15)
  expect(warnings.length).toBe(1)
})

test('results of unsigned URLs are neither written nor read unless that is wished', async () => {
  const storage = await create({ storeUnsafe: false })
  await storage.put('/unsafe/a.jpg', result)
  await storage.put('/signature/a.jpg', result)
  expect(await storage.get('/unsafe/a.jpg')).toBeUndefined()
  expect(await storage.get('/signature/a.jpg')).toEqual(result)
  const wishing = await create()
  expect(await wishing.get('/unsafe/a.jpg')).toBeUndefined()
  await wishing.put('/unsafe/a.jpg', result)
  expect(await storage.get('/unsafe/a.jpg')).toBeUndefined()
  expect(await wishing.get('/unsafe/a.jpg')).toEqual(result)
})

describe('thumbor’s layout', () => {
  const path = '/unsafe/300x200/image.jpg'
  const place = 'default/b7/65/0f2d83f7a2bbe361fbc7aaa58922771779c7'
  const legacy = 'v2/un/sa/unsafe/300x200/image.jpg'
  const fill = async (name: string, bytes: string | Buffer = result.data) => {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), bytes)
  }

  test('a folder of thumbor is read, and written for thumbor to read', async () => {
    const storage = await create({ layout: 'thumbor' })
    await fill(place)
    const found = await storage.get(path)
    expect(found).toMatchObject({ data: result.data, contentType: 'image/webp', maxAge: 60 })
    expect(found?.lastModified).toBe(Math.floor((await stat(join(root, place))).mtimeMs / 1000) * 1000)
    await storage.put(path, { ...result, data: Buffer.from('the bytes of another') })
    expect(await readFile(join(root, place), 'utf8')).toBe('the bytes of another')
  })

  test('an entry of version 2 is found and moved, with its time', async () => {
    const storage = await create({ layout: 'thumbor' })
    await fill(legacy)
    await utimes(join(root, legacy), 1_700_000_000, 1_700_000_000)
    expect((await storage.get(path))?.lastModified).toBe(1_700_000_000_000)
    expect((await stat(join(root, place))).mtimeMs).toBe(1_700_000_000_000)
    await expect(stat(join(root, legacy))).rejects.toMatchObject({ code: 'ENOENT' })
    expect((await storage.get(path))?.lastModified).toBe(1_700_000_000_000)
  })

  test('one that cannot be moved is served from where it is', async () => {
    const storage = await create({ layout: 'thumbor' })
    await fill(legacy)
    await writeFile(join(root, 'default'), 'a file where a folder is needed')
    expect((await storage.get(path))?.data.toString()).toBe(result.data.toString())
    expect((await storage.get(path))?.data.toString()).toBe(result.data.toString())
    expect(warnings.map(({ fields }) => fields.operation)).toEqual(['move'])
  })

  test('a directory of the legacy name is left alone', async () => {
    const storage = await create({ layout: 'thumbor' })
    await mkdir(join(root, legacy), { recursive: true })
    expect(await storage.get(path)).toBeUndefined()
    expect((await stat(join(root, legacy))).isDirectory()).toBe(true)
  })

  test('what is no picture is a miss, and stays: it may belong to somebody', async () => {
    const storage = await create({ layout: 'thumbor' })
    await fill(place, 'a video of the gifv optimizer')
    expect(await storage.get(path)).toBeUndefined()
    expect(await readFile(join(root, place), 'utf8')).toBe('a video of the gifv optimizer')
    await mkdir(join(root, 'default/dir'), { recursive: true })
    expect(warnings).toEqual([])
  })

  test('a path with dot segments is kept by its hash and never looked for by name', async () => {
    const storage = await create({ layout: 'thumbor', root: join(root, 'in') })
    await fill('secret', 'the bytes of something else')
    for (const hostile of ['/../../../secret', '/unsafe/%2e%2e/%2e%2e/%2e%2e/%2e%2e/secret', '/unsafe/a%00b']) {
      expect(await storage.get(hostile)).toBeUndefined()
      await storage.put(hostile, result)
      expect((await storage.get(hostile))?.data.toString()).toBe(result.data.toString())
    }
    expect((await readdir(root)).sort()).toEqual(['in', 'secret'])
    expect((await readdir(join(root, 'in'))).sort()).toEqual(['.incoming', 'default'])
  })
})

test('no result storage keeps nothing', async () => {
  const storage = createNoResultStorage()
  await storage.put(requestOf('k'), result)
  expect(await storage.get(requestOf('k'))).toBeUndefined()
  await storage.close()
})

import { mkdir, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { StoredResult } from '../pipeline/types.ts'
import { resultPath } from './keys.ts'
import { createFileResultStorage, createNoResultStorage, type FileResultStorageOptions } from './result-storage.ts'

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

function create(more: Partial<FileResultStorageOptions> = {}) {
  const log = { warn: (fields: object, text: string) => void warnings.push({ fields: { ...fields }, text }) }
  return createFileResultStorage({ root, expires: 0, log, onPut: (outcome) => outcomes.push(outcome), ...more })
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ir-'))
  warnings = []
  outcomes = []
})
afterEach(() => rm(root, { recursive: true, force: true }))

test('what is put comes back with all that belongs to it, also to another worker', async () => {
  await create().put('/unsafe/a.jpg', result)
  expect(await create().get('/unsafe/a.jpg')).toEqual(result)
  expect(outcomes).toEqual(['stored'])
  expect(warnings).toEqual([])
})

test('an empty body and a missing key', async () => {
  const storage = create()
  await storage.put('empty', { ...result, data: Buffer.alloc(0) })
  expect((await storage.get('empty'))?.data.length).toBe(0)
  expect(await storage.get('other')).toBeUndefined()
})

test('a file cut anywhere is a miss and removed', async () => {
  const storage = create()
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
  const storage = create()
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
  const storage = create()
  await storage.put('a', result)
  await mkdir(dirname(pathOf('b')), { recursive: true })
  await writeFile(pathOf('b'), await readFile(pathOf('a')))
  expect(await storage.get('b')).toBeUndefined()
  expect(await storage.get('a')).toEqual(result)
})

test('an entry older than `expires` is a miss, and one of exactly that age is not', async () => {
  const now = Date.now()
  await create().put('k', result)
  await utimes(pathOf('k'), new Date(now), new Date(now))
  const at = (ms: number) => {
    const clock = { now: () => now + ms, monotonic: () => 0, timer: () => () => undefined }
    return create({ expires: 1_000, clock }).get('k')
  }
  expect(await at(1_000)).toEqual(result)
  expect(await at(1_001)).toBeUndefined()
})

test('a root that cannot be used never fails a request and is told once, until it works again', async () => {
  const blocked = join(root, 'plain')
  await writeFile(blocked, '')
  const storage = create({ root: blocked })
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
  const storage = create({ limits: { concurrency: 1, maxPending: 5, maxPendingBytes: 1_000_000 } })
  const puts = Array.from({ length: 20 }, (_, i) => storage.put(`k${i}`, result))
  await storage.close()
  expect(outcomes.filter((outcome) => outcome === 'stored').length).toBe(5)
  await Promise.all(puts)
  expect(outcomes.filter((outcome) => outcome === 'dropped').length).toBe(15)
  expect(warnings.length).toBe(1)
})

test('no result storage keeps nothing', async () => {
  const storage = createNoResultStorage()
  await storage.put('k', result)
  expect(await storage.get('k')).toBeUndefined()
  await storage.close()
})

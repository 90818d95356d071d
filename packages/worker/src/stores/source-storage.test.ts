import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFileStore } from './file.ts'
import { originalPath } from './keys.ts'
import { fileLayout } from './original-layouts.ts'
import { createNoSourceStorage, createSourceStorage } from './source-storage.ts'

const key = 'http%3A//example.com/a%20b.jpg'
const blob = { bytes: Buffer.from('an original'), modifiedAt: undefined }
const io = { signal: new AbortController().signal }
let root: string
let warnings: Record<string, unknown>[]
let errors: number
const log = { warn: (fields: object) => void warnings.push({ ...fields }) }

function createFileSourceStorage({ root: at, expires }: { root: string; expires: number }) {
  const store = createFileStore({ root: at, pathOf: (name) => name, now: Date.now })
  const onError = () => {
    errors++
  }
  return createSourceStorage({ store, layout: fileLayout(), expires, log, onError })
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'io-'))
  warnings = []
  errors = 0
})
afterEach(() => rm(root, { recursive: true, force: true }))

test('an original is kept unmodified in thumbor’s layout and comes back', async () => {
  const storage = createFileSourceStorage({ root, expires: 0 })
  await storage.put(key, blob)
  expect(await readFile(join(root, 'b5/146e714fdfa15939b1268d769e8080f9f8b691'), 'utf8')).toBe('an original')
  expect((await storage.get(key, io))?.bytes.toString()).toBe('an original')
  await storage.delete(key)
  expect(await storage.get(key, io)).toBeUndefined()
  await storage.close()
})

test('an expired original is a miss until it is put again', async () => {
  const storage = createFileSourceStorage({ root, expires: 60_000 })
  await storage.put(key, blob)
  const longAgo = new Date(Date.now() - 61_000)
  await utimes(join(root, originalPath(key)), longAgo, longAgo)
  expect(await storage.get(key, io)).toBeUndefined()
  await storage.put(key, blob)
  expect((await storage.get(key, io))?.bytes.toString()).toBe('an original')
})

test('a failing disk is a miss, told once', async () => {
  const blocked = join(root, 'plain')
  await writeFile(blocked, '')
  const storage = createFileSourceStorage({ root: blocked, expires: 0 })
  for (let i = 0; i < 3; i++) {
    await storage.put(key, blob)
    expect(await storage.get(key, io)).toBeUndefined()
  }
  expect(warnings.map(({ operation, cause }) => [operation, cause])).toEqual([['write', 'ENOTDIR']])
  expect(errors).toBe(3)
})

test('an original above the present limit is SOURCE_TOO_LARGE, not a miss', async () => {
  const storage = createFileSourceStorage({ root, expires: 0 })
  await storage.put(key, blob)
  await expect(storage.get(key, { ...io, maxBytes: 3 })).rejects.toMatchObject({ code: 'SOURCE_TOO_LARGE' })
})

test('an aborted look-up rejects with the signal’s reason', async () => {
  const reason = new Error('gone')
  const storage = createFileSourceStorage({ root, expires: 0 })
  await expect(storage.get(key, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})

test('no storage keeps nothing', async () => {
  const storage = createNoSourceStorage()
  await storage.put(key, blob)
  expect(await storage.get(key, io)).toBeUndefined()
})

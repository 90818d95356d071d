import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createBlacklist } from '../pipeline/blacklist.ts'
import { createBlacklistFile } from './blacklist-file.ts'
import { originalPath } from './keys.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'is-'))
})
afterEach(() => rm(root, { recursive: true }))
const path = () => join(root, originalPath('blacklist.txt'))

test('one worker sees what another adds', async () => {
  const [one, other] = [createBlacklistFile(root), createBlacklistFile(root)]
  expect(await other.read()).toBe('')
  await one.add('a.jpg')
  expect(await other.read()).toBe('a.jpg\n')
  await other.add('b.jpg')
  expect(await one.read()).toBe('a.jpg\nb.jpg\n')
})

test('additions at the same time all stay', async () => {
  const files = Array.from({ length: 4 }, () => createBlacklistFile(root))
  const entries = Array.from({ length: 40 }, (_, i) => `${i}.jpg`)
  await Promise.all(entries.map((entry, i) => files[i % 4]?.add(entry)))
  expect((await files[0]?.read())?.trim().split('\n').sort()).toEqual([...entries].sort())
})

test('it does not expire with the originals beside it', async () => {
  await createBlacklistFile(root).add('a.jpg')
  await utimes(path(), 0, 0)
  expect(await createBlacklistFile(root).read()).toBe('a.jpg\n')
})

test('a list edited by hand is taken over, its last line too', async () => {
  const file = createBlacklistFile(root)
  await file.read()
  await mkdir(dirname(path()), { recursive: true })
  await writeFile(path(), 'a.jpg')
  await file.add('b.jpg')
  expect(await file.read()).toBe('a.jpg\nb.jpg\n')
})

test('it has an end', async () => {
  const file = createBlacklistFile(root, 12)
  await file.add('a.jpg')
  await file.add('b.jpg')
  await expect(file.add('c')).rejects.toMatchObject({ code: 'BLACKLIST_FULL' })
})

test('a list that cannot be read refuses everything', async () => {
  await mkdir(path(), { recursive: true })
  await expect(createBlacklistFile(root).read()).rejects.toMatchObject({ code: 'STORE_FAILED' })
})

test('entries refuse what they name, however escaped, and nothing else', async () => {
  const blacklist = createBlacklist(createBlacklistFile(root), () => false)
  for (const entry of ['banana.jpg', 'http://example.com/a b.jpg', 'caf%C3%A9.jpg', '%ff']) await blacklist.add(entry)
  expect(await blacklist.refuses(['banana.jpg'])).toBe(true)
  expect(await blacklist.refuses(['x', 'http%3A//example.com/a%20b.jpg'])).toBe(true)
  expect(await blacklist.refuses(['caf%C3%A9.jpg'])).toBe(true)
  expect(await blacklist.refuses(['a.jpg', 'banana.jpg2', ''])).toBe(false)
})

test('by substring an entry refuses its parts, as in thumbor', async () => {
  const blacklist = createBlacklist(createBlacklistFile(root), () => true)
  await blacklist.add('banana.jpg')
  expect(await blacklist.refuses(['a.jpg'])).toBe(true)
  expect(await blacklist.refuses(['b.jpg'])).toBe(false)
})

test('an entry is kept once', async () => {
  const blacklist = createBlacklist(createBlacklistFile(root), () => false)
  await blacklist.add('a.jpg')
  await blacklist.add('a.jpg')
  expect(await blacklist.text()).toBe('a.jpg\n')
})

import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readRegular } from './read-regular.ts'
import { createRecentFiles } from './recent-files.ts'

let dir: string
let path: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'recent-'))
  path = join(dir, 'a.bin')
  writeFileSync(path, 'first')
})
afterEach(() => rmSync(dir, { recursive: true }))

const signal = new AbortController().signal
// The files of these tests are new; a clock a minute ahead makes them settled.
const later = () => Date.now() + 60_000
const read = async (recent: ReturnType<typeof createRecentFiles>, admit?: () => Promise<boolean>) =>
  (await readRegular(path, { signal }, { recent, admit }))?.bytes

test('a file that did not change is read once', async () => {
  const recent = createRecentFiles(1000, later)
  const first = await read(recent)
  expect(first?.toString()).toBe('first')
  expect(await read(recent)).toBe(first)
})

test('a change is seen although size and modification time are the same', async () => {
  const recent = createRecentFiles(1000, later)
  const then = new Date('2026-01-01')
  await utimes(path, then, then)
  expect((await read(recent))?.toString()).toBe('first')
  writeFileSync(path, 'other')
  await utimes(path, then, then)
  expect((await read(recent))?.toString()).toBe('other')
})

test('what was changed only just now is not kept: the clock of the file system is too coarse', async () => {
  const recent = createRecentFiles(1000, Date.now)
  expect(await read(recent)).not.toBe(await read(recent))
})

test('what was not admitted is not kept', async () => {
  const recent = createRecentFiles(1000, later)
  expect(await read(recent, () => Promise.resolve(false))).toBeUndefined()
  expect(await read(recent, () => Promise.resolve(false))).toBeUndefined()
})

test('a file that was moved away is gone', async () => {
  const recent = createRecentFiles(1000, later)
  await read(recent)
  renameSync(path, join(dir, 'b.bin'))
  expect(await read(recent)).toBeUndefined()
})

test('a link turned to another file is another file', async () => {
  const recent = createRecentFiles(1000, later)
  writeFileSync(join(dir, 'b.bin'), 'other')
  const link = join(dir, 'link')
  symlinkSync(path, link)
  const through = async () => (await readRegular(link, { signal }, { recent }))?.bytes.toString()
  expect(await through()).toBe('first')
  unlinkSync(link)
  symlinkSync(join(dir, 'b.bin'), link)
  expect(await through()).toBe('other')
})

test('the bound holds, and nothing larger than a quarter of it is kept', async () => {
  const recent = createRecentFiles(100, later)
  writeFileSync(path, Buffer.alloc(26))
  expect(await read(recent)).not.toBe(await read(recent))
  writeFileSync(path, Buffer.alloc(20))
  const kept = await read(recent)
  expect(await read(recent)).toBe(kept)
  for (let i = 0; i < 10; i++) {
    writeFileSync(path, Buffer.alloc(20, i))
    await read(recent)
  }
  expect(await read(recent)).not.toBe(kept)
})

test('0 keeps nothing', async () => {
  const recent = createRecentFiles(0, later)
  expect(await read(recent)).not.toBe(await read(recent))
})

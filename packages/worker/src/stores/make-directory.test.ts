import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeDirectory } from './make-directory.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'md-'))
})
afterEach(() => rm(root, { recursive: true }))

test('a directory and those above it, for the owner alone; twice is no mistake', async () => {
  for (let i = 0; i < 2; i++) await makeDirectory(join(root, 'a/b/c'))
  for (const path of ['a', 'a/b', 'a/b/c']) {
    const { mode } = await stat(join(root, path))
    expect((mode & 0o7777).toString(8)).toBe('700')
  }
})

test('many at once do not disturb each other', async () => {
  await Promise.all(Array.from({ length: 20 }, (_, i) => makeDirectory(join(root, 'x/y', String(i % 4)))))
  expect((await stat(join(root, 'x/y/3'))).isDirectory()).toBe(true)
})

test('below a file it fails', async () => {
  await writeFile(join(root, 'plain'), '')
  await expect(makeDirectory(join(root, 'plain/a/b'))).rejects.toMatchObject({ code: 'ENOTDIR' })
})

test.runIf(process.platform === 'linux')('a file system that never makes one is given up on', async () => {
  await expect(makeDirectory('/proc/self/imgsvc/a')).rejects.toMatchObject({ code: 'ENOENT' })
})

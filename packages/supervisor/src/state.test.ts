import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { makeDirectory, prepareStateDir } from './state.ts'

const root = mkdtempSync(join(tmpdir(), 'st-'))
afterEach(() => rmSync(root, { recursive: true, force: true }))

test('makes a directory with its parents, again without complaint', () => {
  const path = join(root, 'a', 'b', 'c')
  for (let i = 0; i < 2; i++) makeDirectory(path, 0o700, 'hint')
  expect(statSync(path).mode & 0o777).toBe(0o700)
})

test('a file in the way is a sentence with a hint', () => {
  makeDirectory(root, 0o700, 'hint')
  writeFileSync(join(root, 'file'), '')
  expect(() => makeDirectory(join(root, 'file', 'x'), 0o700, 'hint')).toThrow(/file.*; hint/)
  expect(() => prepareStateDir(join(root, 'file'))).toThrow(/file.*--state-dir/)
})

test.runIf(existsSync('/proc/self'))('a place where nothing can be made is an error, not a hang', () => {
  expect(() => prepareStateDir('/proc/nowhere/state')).toThrow(/\/proc\/nowhere.*--state-dir/)
})

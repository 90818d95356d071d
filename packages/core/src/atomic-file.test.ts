import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeFileAtomic } from './atomic-file.ts'

const directory = () => mkdtempSync(join(tmpdir(), 'af-'))

test('replaces the content in one step and sets the mode', () => {
  const dir = directory()
  const path = join(dir, 'state.json')
  writeFileAtomic(path, 'old')
  const before = statSync(path).ino
  writeFileAtomic(path, 'new', 0o640)
  expect(readFileSync(path, 'utf8')).toBe('new')
  expect(statSync(path).ino).not.toBe(before)
  expect(statSync(path).mode & 0o777).toBe(0o640)
})

test('a failure throws, keeps the old state and leaves no temporary file behind', () => {
  const dir = directory()
  const path = join(dir, 'taken')
  mkdirSync(join(path, 'child'), { recursive: true }) // rename over a directory that is not empty fails
  expect(() => writeFileAtomic(path, 'x')).toThrow()
  expect(readdirSync(dir)).toEqual(['taken'])
})

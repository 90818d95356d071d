import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { fakeProgram } from '../../test/programs.ts'
import { findProgram } from './find-program.ts'

const dir = mkdtempSync(join(tmpdir(), 'imgsvc-find-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const path = (...names: string[]) => names.map((name) => join(dir, name)).join(':')

test('the first directory of the search path that has it wins', () => {
  const first = fakeProgram(join(dir, 'a'), 'tool', 'exit 0')
  fakeProgram(join(dir, 'b'), 'tool', 'exit 0')
  expect(findProgram('tool', undefined, path('none', 'a', 'b'))).toBe(first)
  expect(findProgram('other', undefined, path('a', 'b'))).toBeUndefined()
  expect(findProgram('tool', undefined, '')).toBeUndefined()
})

test('what is configured is taken alone, and may be a link', () => {
  const real = fakeProgram(join(dir, 'c'), 'tool', 'exit 0')
  symlinkSync(real, join(dir, 'link'))
  expect(findProgram('tool', join(dir, 'link'), path('a'))).toBe(join(dir, 'link'))
  expect(findProgram('tool', join(dir, 'missing'), path('a'))).toBeUndefined()
})

test('files that cannot be run, and directories, are none', () => {
  fakeProgram(join(dir, 'd'), 'tool', 'exit 0', 0o644)
  mkdirSync(join(dir, 'e', 'tool'), { recursive: true })
  chmodSync(join(dir, 'e', 'tool'), 0o755)
  expect(findProgram('tool', undefined, path('d', 'e'))).toBeUndefined()
})

test('relative directories of the search path are passed over', () => {
  expect(findProgram('tool', undefined, '.:bin::a')).toBeUndefined()
})

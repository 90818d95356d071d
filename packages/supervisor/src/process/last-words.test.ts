import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lastWords, tellingLine } from './last-words.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'words-'))
})
afterEach(() => rm(dir, { recursive: true }))

test('the message is found above stack, properties and version', () => {
  const text = `node:internal/modules/cjs/loader:1143
  throw err;
  ^

Error: Cannot find module '/x/main.js'
    at Module._resolveFilename (node:internal/modules/cjs/loader:1140:15) {
  code: 'MODULE_NOT_FOUND',
  requireStack: []
}

Node.js v20.20.2
`
  expect(tellingLine(text)).toBe("Error: Cannot find module '/x/main.js'")
})

test('a timestamp in front is left out, a long line is cut', () => {
  expect(tellingLine('2026-11-21T00:00:00.000Z uncaught exception: Error: no\n    at x (y)\n')).toBe(
    'uncaught exception: Error: no',
  )
  expect(tellingLine('x'.repeat(1000))).toHaveLength(300)
  expect(tellingLine('\n  \n}\n')).toBeUndefined()
})

test('what an earlier run wrote does not count, unless the file was rotated meanwhile', async () => {
  const file = join(dir, 'a.log')
  await writeFile(file, 'the first reason\n')
  const offset = 'the first reason\n'.length
  expect(await lastWords(file, offset)).toBeUndefined()
  await appendFile(file, 'the second reason\n')
  expect(await lastWords(file, offset)).toBe('the second reason')
  await writeFile(file, 'short\n')
  expect(await lastWords(file, offset)).toBe('short')
  expect(await lastWords(join(dir, 'none'), 0)).toBeUndefined()
})

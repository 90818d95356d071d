import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ImgsvcError } from '../errors.ts'
import { readConfigFile } from './read-file.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'cfg-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

function written(name: string, content: string | Buffer): string {
  writeFileSync(join(dir, name), content)
  return join(dir, name)
}

function failureOf(path: string): string {
  try {
    readConfigFile(path, 'imgsvc.yaml')
  } catch (error) {
    if (error instanceof ImgsvcError) return `${error.code} ${error.detail}`
    throw error
  }
  throw new Error('nothing was thrown')
}

test('a byte order mark and Windows line ends are no mistakes, and columns stay right', () => {
  const file = readConfigFile(written('bom.yaml', '\uFEFFlisten: 80\r\nlogs:\r\n  level: debug\r\n'))
  expect(file.value).toEqual({ listen: 80, logs: { level: 'debug' } })
  expect(file.positionOf(['listen'], 'key')).toEqual({ line: 1, column: 1 })
  expect(file.positionOf(['logs', 'level'], 'value')).toEqual({ line: 3, column: 10 })
})

test('a link to a file is a file', () => {
  symlinkSync(written('target.yaml', 'listen: 80\n'), join(dir, 'link.yaml'))
  expect(readConfigFile(join(dir, 'link.yaml')).value).toEqual({ listen: 80 })
})

test('what cannot be read is named with the reason', () => {
  mkdirSync(join(dir, 'dir'))
  const file = written('file', '')
  expect(failureOf(join(dir, 'none'))).toBe('CONFIG_UNREADABLE imgsvc.yaml: there is no such file')
  expect(failureOf(join(dir, 'dir'))).toBe('CONFIG_UNREADABLE imgsvc.yaml: this is a directory, expected a YAML file')
  expect(failureOf(join(file, 'x'))).toBe('CONFIG_UNREADABLE imgsvc.yaml: a part of the path is not a directory')
})

test('a file that may not be read says so', () => {
  const path = written('secret.yaml', 'listen: 80\n')
  chmodSync(path, 0)
  // The superuser may read everything.
  if (process.getuid?.() === 0) expect(readConfigFile(path).value).toEqual({ listen: 80 })
  else expect(failureOf(path)).toBe('CONFIG_UNREADABLE imgsvc.yaml: permission denied')
})

test('a pipe does not block the program', () => {
  execFileSync('mkfifo', [join(dir, 'pipe')])
  expect(failureOf(join(dir, 'pipe'))).toBe('CONFIG_UNREADABLE imgsvc.yaml: this is not a regular file')
})

test('bytes that are no text, and files that are no configuration, are refused', () => {
  expect(failureOf(written('latin1.yaml', Buffer.from('# caf\xe9\n', 'latin1')))).toBe(
    'CONFIG_UNREADABLE imgsvc.yaml: the file is not UTF-8 text',
  )
  expect(failureOf(written('big.yaml', Buffer.alloc(1024 ** 2 + 1, '#')))).toBe(
    'CONFIG_UNREADABLE imgsvc.yaml: the file has 1048577 bytes, more than 1 MB',
  )
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ImgsvcError } from '../errors.ts'
import { loadConfig } from './load.ts'
import { maskSecrets, resolveSecret, resolveSecrets } from './secrets.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sec-'))
  writeFileSync(join(dir, 'key'), 'from the file\n')
  writeFileSync(join(dir, 'empty'), '\n')
})
afterAll(() => rmSync(dir, { recursive: true }))

function detailOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof ImgsvcError && error.code === 'CONFIG_INVALID') return error.detail ?? ''
    throw error
  }
  throw new Error('nothing was thrown')
}

test('a secret is a variable, a file without its last line break, or the text itself', () => {
  const sources = { env: { KEY: 'from the environment' }, base: dir }
  expect(resolveSecret('env:KEY', sources)).toBe('from the environment')
  expect(resolveSecret('file:key', sources)).toBe('from the file')
  expect(resolveSecret(`file:${dir}/key`, { env: {} })).toBe('from the file')
  expect(resolveSecret('plain', sources)).toBe('plain')
  expect(resolveSecret('', sources)).toBe('')
})

test('a missing or empty variable or file names the setting and what is missing', () => {
  const sources = { env: { EMPTY: '' }, base: dir }
  const message = (ref: string) => detailOf(() => resolveSecret(ref, sources, 'security.key'))
  expect(message('env:NONE')).toBe('security.key: the environment variable NONE is not set')
  expect(message('env:EMPTY')).toBe('security.key: the environment variable EMPTY is empty')
  expect(message('file:empty')).toBe(`security.key: the file ${dir}/empty is empty`)
  expect(message('file:none')).toMatch(`security.key: the file ${dir}/none cannot be read (ENOENT`)
})

const flags = {
  'security.key': 'env:KEY',
  'security.previousKeys': '[old, env:OLDER]',
  'admin.token': 'file:key',
  sources: '[{type: s3, accessKeyId: env:AWS_ID, secretAccessKey: literal}, {type: file, root: ./x}]',
}

test('all secrets of a configuration are resolved, and only those', () => {
  const { config } = loadConfig({ env: {}, base: dir, flags })
  const resolved = resolveSecrets(config, { env: { KEY: 'k', OLDER: 'o', AWS_ID: 'id' } })
  expect(resolved.security).toEqual({
    key: 'k',
    keyPerImage: false,
    previousKeys: ['old', 'o'],
    allowUnsafe: false,
    useBlacklist: false,
  })
  expect(resolved.admin.token).toBe('from the file')
  expect(resolved.sources).toEqual([
    expect.objectContaining({ accessKeyId: 'id', secretAccessKey: 'literal' }),
    { type: 'file', root: join(dir, 'x') },
  ])
  expect(Object.isFrozen(resolved.sources[0])).toBe(true)
  expect(config.security.key).toBe('env:KEY')
})

test('every missing secret is reported at once', () => {
  const { config } = loadConfig({ env: {}, base: dir, flags })
  expect(detailOf(() => resolveSecrets(config, { env: {} })).split('\n')).toEqual([
    'security.key: the environment variable KEY is not set',
    'security.previousKeys.1: the environment variable OLDER is not set',
    'sources.0.accessKeyId: the environment variable AWS_ID is not set',
  ])
})

test('a shown configuration has no secret in it, but shows where secrets come from', () => {
  const { config } = loadConfig({ env: {}, base: dir, flags })
  const shown = maskSecrets(config)
  expect(shown.security).toMatchObject({ key: 'env:KEY', previousKeys: ['***', 'env:OLDER'] })
  expect(shown.admin.token).toBe(`file:${dir}/key`)
  expect(shown.sources[0]).toMatchObject({ accessKeyId: 'env:AWS_ID', secretAccessKey: '***' })
  expect(maskSecrets(loadConfig({ env: {}, base: dir }).config).security.key).toBe('')
})

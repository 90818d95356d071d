import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configSchema } from '@imgsvc/core/config/schema'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { withSecurityKey } from './security-key.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'key-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const config = (key: string) => configSchema.parse({ security: { key } })

test('a configured key stays as it is and no file is made', () => {
  const keyed = withSecurityKey(config('env:IMGSVC_KEY'), join(dir, 'security.key'))
  expect(keyed).toMatchObject({ generated: false, config: { security: { key: 'env:IMGSVC_KEY' } } })
  expect(readdirSync(dir)).toEqual([])
})

test('without one 256 bits are made once, for the owner alone, and kept', () => {
  const path = join(dir, 'security.key')
  const first = withSecurityKey(config(''), path)
  expect(first.generated).toBe(true)
  expect(first.config.security.key).toBe(`file:${path}`)
  const key = readFileSync(path, 'utf8')
  expect(key).toMatch(/^[0-9a-f]{64}\n$/)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(withSecurityKey(config(''), path).generated).toBe(false)
  expect(readFileSync(path, 'utf8')).toBe(key)
  expect(readdirSync(dir)).toEqual(['security.key'])
})

test('an emptied key is refused, not replaced', () => {
  const path = join(dir, 'security.key')
  writeFileSync(path, '\n')
  expect(() => withSecurityKey(config(''), path)).toThrow(expect.objectContaining({ code: 'STATE_DIR_UNUSABLE' }))
})

test('a directory that cannot be written is reported with the path', () => {
  const path = join(dir, 'none', 'security.key')
  expect(() => withSecurityKey(config(''), path)).toThrow(
    expect.objectContaining({ detail: expect.stringContaining(path) }),
  )
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configSchema } from '@imgsvc/core/config/schema'
import type { ImgsvcError } from '@imgsvc/core/errors'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { explainInChild } from './explain-child.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ex-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Runs a program of these lines instead of the worker's. */
function ask(program: string) {
  const entry = join(dir, `${Math.random()}.mjs`)
  writeFileSync(entry, program)
  return explainInChild({
    config: configSchema.parse({}),
    params: { url: '/unsafe/a.jpg', accept: 'image/webp' },
    env: { PATH: process.env.PATH },
    entry,
  })
}
const failure = (program: string) =>
  ask(program).then(
    () => 'answered',
    (error: ImgsvcError) => `${error.code}: ${error.detail}`,
  )

test('it is told configuration and request, and its warnings come along', async () => {
  const { explanation, warnings } = await ask(`
    import { text } from 'node:stream/consumers'
    const { config, params } = JSON.parse(await text(process.stdin))
    console.error('slow disk')
    console.log(JSON.stringify({ explanation: { params, quality: config.images.quality } }))
  `)
  expect(explanation).toEqual({ params: { url: '/unsafe/a.jpg', accept: 'image/webp' }, quality: 80 })
  expect(warnings).toEqual(['slow disk'])
})

test('what it refuses comes through as it is', async () => {
  const program = `console.log(JSON.stringify({ error: { code: 'CONFIG_INVALID', detail: 'security.key: missing' } }))`
  expect(await failure(program)).toBe('CONFIG_INVALID: security.key: missing')
})

test('one that dies before it reads anything is an error with its last words', async () => {
  const program = `console.error('cannot load sharp'); process.exit(3)`
  expect(await failure(program)).toMatch(/^PROCESS_FAILED: .*\.mjs ended with code 3\ncannot load sharp$/)
})

import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Crash } from '@imgsvc/core/crash'
import type { Logger } from '@imgsvc/core/log'
import { afterEach, expect, test } from 'vitest'
import { createCrashStore, readCrashes } from './store.ts'

const home = mkdtempSync(join(tmpdir(), 'cr-'))
const dir = join(home, 'crashes')
const errors: object[] = []
const log = { error: (context: object) => errors.push(context) } as unknown as Logger
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const crash = (n: number, over: Partial<Crash> = {}): Crash => ({
  process: 'worker:2',
  pid: 100 + n,
  generation: n,
  at: Date.UTC(2026, 10, 21, 3, 0, n),
  reason: 'crash',
  code: null,
  signal: 'SIGKILL',
  message: 'was killed by SIGKILL',
  uptimeMs: 5000,
  rss: 1,
  heap: null,
  stderr: ['a', 'b'],
  stack: [],
  requests: [{ requestId: 'r1', path: '/unsafe/10x10/cat.jpg', ms: 12 }],
  ...over,
})

test('what is saved is read back, newest first, under a name of its own', async () => {
  const store = createCrashStore({ dir, log })
  await store.add(crash(1))
  await store.add(crash(2, { reason: 'hang', stack: ['decode (file:///x.js:1:2)'] }))
  const found = await readCrashes(dir)
  expect(found.map(({ id, ...rest }) => rest)).toEqual([
    crash(2, { reason: 'hang', stack: ['decode (file:///x.js:1:2)'] }),
    crash(1),
  ])
  expect(found[1]?.id).toBe('20261121T030001.000Z-worker-2-1')
  expect(statSync(join(dir, `${found[1]?.id}.json`)).mode & 0o777).toBe(0o600)
})

test('the oldest go when there are too many, or they are too big', async () => {
  const few = createCrashStore({ dir, log, maxFiles: 3 })
  for (const n of [1, 2, 3, 4, 5]) await few.add(crash(n))
  expect((await readCrashes(dir)).map(({ generation }) => generation)).toEqual([5, 4, 3])
  const small = createCrashStore({ dir, log, maxBytes: 800 })
  await small.add(crash(6))
  expect((await readCrashes(dir)).map(({ generation }) => generation)).toEqual([6, 5])
})

test('foreign and damaged files are neither read nor removed', async () => {
  const store = createCrashStore({ dir, log, maxFiles: 1 })
  await store.add(crash(1))
  writeFileSync(join(dir, 'notes.txt'), 'mine')
  await store.add(crash(2))
  writeFileSync(join(dir, '20261121T030003.000Z-worker-2-3.json'), '{"pid":')
  expect((await readCrashes(dir)).map(({ generation }) => generation)).toEqual([2])
  expect(readdirSync(dir)).toContain('notes.txt')
})

test('a directory that is not there holds no crashes', async () => {
  expect(await readCrashes(join(home, 'nowhere'))).toEqual([])
})

test('a record that cannot be saved is a line in the log', async () => {
  writeFileSync(dir, 'a file in its place')
  await createCrashStore({ dir, log }).add(crash(1))
  expect(errors).toHaveLength(1)
})

import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '@imgsvc/core/clock'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fixtureRoles, type Scene, scene } from '../../../test/fixtures/processes.ts'
import { filesOf, linesOf, type RotationScene, rotationScene } from '../../../test/fixtures/rotator.ts'
import { createRoster } from '../../process/roster.ts'
import { tailLogs } from '../read/tail.ts'
import type { RotatedLog, RotationPolicy } from './rotator.ts'

const LINES = 20_000
const DAY = 86_400_000

let current: Scene
const scenes: RotationScene[] = []
beforeEach(() => {
  current = scene(fixtureRoles([`lines=${LINES}`]))
})
afterEach(async () => {
  for (const one of scenes.splice(0)) await one.remove()
  await current.remove()
})

const path = (name: string) => join(current.logs, name)
const names = (base: string) => readdirSync(current.logs).filter((file) => file.startsWith(base))

function rotating(logs: readonly RotatedLog[], policy: Partial<RotationPolicy> = {}): RotationScene {
  const made = rotationScene(current.logs, logs, policy)
  scenes.push(made)
  return made
}

test('20,000 lines of a child are all there, once and in order, through rotation, compression and following', async () => {
  const roster = createRoster(current.options)
  const [name, stop] = ['worker-0.log', new AbortController()]
  await roster.scale('worker', 1)
  const { client } = roster.list('worker')[0] as {
    client: { call(method: 'reopenLogs', params: object): Promise<object> }
  }
  const reopen = async () => void (await client.call('reopenLogs', {}))
  const { rotator, counts } = rotating([{ name, writer: 'reopen', reopen }], {
    maxBytes: 50_000,
    backups: 100,
    compress: true,
  })
  const followed: string[] = []
  const following = (async () => {
    const options = { dir: current.logs, ids: ['worker:0'], lines: 100_000, follow: true, clock: systemClock }
    for await (const { line } of tailLogs({ ...options, signal: stop.signal })) followed.push(line)
  })()
  while (!current.notes().includes('worker:0 lines written')) {
    await rotator.check()
    await pause(5)
  }
  const expected = Array.from({ length: LINES }, (_, n) => `{"id":"worker:0","n":${n}}`)
  await expect.poll(() => followed.length, { timeout: 8000 }).toBe(expected.length)
  stop.abort()
  await following
  await roster.stopAll(0)
  roster.close()
  await rotator.compressed()
  expect(counts.ok).toBeGreaterThan(4)
  expect([counts.failed, counts.compressionFailed]).toEqual([0, 0])
  expect(counts.compressed).toBeGreaterThan(2)
  expect(linesOf(current.logs, name)).toEqual(expected)
  expect(followed).toEqual(expected)
  const read: string[] = []
  const all = { dir: current.logs, ids: ['worker:0'], lines: 15_000, follow: false, clock: systemClock }
  for await (const { line } of tailLogs({ ...all, signal: new AbortController().signal })) read.push(line)
  expect(read).toEqual(expected.slice(-15_000))
})

test('a file within the limit, one without a limit and all with rotation off stay', async () => {
  const logs: RotatedLog[] = [{ name: 'worker-0.log', writer: 'reopen' }]
  writeFileSync(path('worker-0.log'), 'x'.repeat(1000))
  const it = rotating(logs)
  await it.rotator.check()
  appendFileSync(path('worker-0.log'), 'x')
  it.policy = { ...it.policy, maxBytes: 0 }
  await it.rotator.check()
  it.policy = { ...it.policy, maxBytes: 10, rotate: 'off' }
  await it.rotator.check()
  expect(names('worker-0.log')).toEqual(['worker-0.log'])
  it.policy = { ...it.policy, rotate: 'on' }
  await it.rotator.check()
  expect(names('worker-0.log')).toEqual(['worker-0.log.1'])
})

test('no more backups than asked for, also after fewer are asked for', async () => {
  const name = 'worker-0.log'
  const it = rotating([{ name, writer: 'reopen' }], { maxBytes: 10, backups: 2 })
  for (const letter of ['a', 'b', 'c', 'd']) {
    appendFileSync(path(name), letter.repeat(20))
    await it.rotator.check()
  }
  expect(names(name)).toEqual([`${name}.1`, `${name}.2`])
  expect(readFileSync(path(`${name}.1`), 'utf8')).toBe('d'.repeat(20))
  it.policy = { ...it.policy, backups: 1 }
  await it.rotator.check()
  expect(names(name)).toEqual([`${name}.1`])
})

test('a period that ends rotates what is not empty, once', async () => {
  const logs: RotatedLog[] = ['worker-0.log', 'worker-1.log'].map((name) => ({ name, writer: 'reopen' }))
  const raw: RotatedLog = { name: 'worker-0.stderr.log', writer: 'hold', process: 'worker:0' }
  writeFileSync(path('worker-0.log'), 'today\n')
  writeFileSync(path('worker-1.log'), '')
  writeFileSync(path('worker-0.stderr.log'), 'raw\n')
  const it = rotating([...logs, raw], { rotateEvery: DAY, maxBytes: 1000 })
  await it.rotator.check()
  expect(it.counts.ok).toBe(0)
  it.time.ahead = DAY
  await it.rotator.check()
  await it.rotator.check()
  expect(it.counts).toMatchObject({ ok: 2, failed: 0 })
  expect(readFileSync(path('worker-0.log.1'), 'utf8')).toBe('today\n')
  expect(readFileSync(path('worker-0.stderr.log.1'), 'utf8')).toBe('raw\n')
  expect(names('worker-1.log')).toEqual(['worker-1.log'])
})

test('all logs together stay below the cap; the files of others are neither counted nor touched', async () => {
  const logs: RotatedLog[] = [0, 1].map((n) => ({ name: `worker-${n}.log`, writer: 'reopen' }))
  writeFileSync(path('nginx.log.1'), 'x'.repeat(500_000))
  writeFileSync(path('worker-7.log.1'), 'x'.repeat(30_000))
  const it = rotating(logs, { maxBytes: 10_000, backups: 100, maxTotal: 120_000 })
  for (let n = 0; n < 30; n++) {
    for (const { name } of logs) appendFileSync(path(name), `${String(n).padStart(11_999)}\n`)
    await it.rotator.check()
    const total = readdirSync(current.logs)
      .filter((name) => /^worker/.test(name))
      .reduce((sum, name) => sum + statSync(path(name)).size, 0)
    expect(total).toBeLessThanOrEqual(120_000)
    expect(it.counts.stored).toBe(total)
  }
  expect(existsSync(path('nginx.log.1'))).toBe(true)
  expect(existsSync(path('worker-7.log.1'))).toBe(false)
  expect(linesOf(current.logs, 'worker-1.log').at(-1)?.trim()).toBe('29')
  expect(filesOf(current.logs, 'worker-0.log').length).toBeGreaterThan(2)
})

test('a rotation that fails is counted and told once, the others go on, and it heals', async () => {
  const [bad, good] = ['worker-0.log', 'worker-1.log']
  for (const name of [bad, good]) writeFileSync(path(name), 'x'.repeat(2000))
  const it = rotating([
    { name: bad, writer: 'reopen' },
    { name: good, writer: 'reopen' },
  ])
  // Whatever the user's rights: a file cannot be renamed to the name of a directory.
  for (const n of [1, 2, 3]) mkdirSync(path(`${bad}.${n}`))
  await it.rotator.check()
  await it.rotator.check()
  expect(it.counts).toMatchObject({ ok: 1, failed: 2 })
  expect(readFileSync(path(bad), 'utf8')).toHaveLength(2000)
  for (const n of [1, 2, 3]) rmdirSync(path(`${bad}.${n}`))
  await it.rotator.check()
  expect(it.counts).toMatchObject({ ok: 2, failed: 2 })
  const told = (text: string) => it.told().filter((line) => line.includes(text))
  await expect.poll(() => told('log rotation works again'), { timeout: 8000 }).toHaveLength(1)
  expect(told('cannot be rotated')).toHaveLength(1)
})

test('a writer that cannot be asked to reopen does not make the rotation fail', async () => {
  writeFileSync(path('worker-0.log'), 'x'.repeat(2000))
  const reopen = () => Promise.reject(new Error('no answer'))
  const it = rotating([{ name: 'worker-0.log', writer: 'reopen', reopen }])
  await it.rotator.check()
  expect(it.counts).toMatchObject({ ok: 1, failed: 0 })
})

test('a log directory that was deleted is no failure', async () => {
  const it = rotationScene(join(current.logs, 'gone'), [{ name: 'worker-0.log', writer: 'reopen' }])
  scenes.push(it)
  await it.rotator.check()
  expect(it.counts).toMatchObject({ ok: 0, failed: 0 })
})

test.each([
  [0, 250],
  [1024 ** 3, 250],
  [64 * 1024 ** 2, 100],
])(
  'with a cap of %i bytes it looks every %i ms while nothing happens: a flood must not fill the cap unseen',
  async (maxTotal, expected) => {
    const timers: { readonly ms: number; readonly run: () => void }[] = []
    const timer = (ms: number, run: () => void) => {
      timers.push({ ms, run })
      return () => {}
    }
    const idle = rotationScene(current.logs, [], { maxTotal }, { timer })
    timers.shift()?.run()
    await expect.poll(() => timers.map(({ ms }) => ms)).toEqual([expected])
    await idle.remove()
  },
)

import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type Clock, systemClock } from '@imgsvc/core/clock'
import { createLog, type LogHandle } from '@imgsvc/core/log'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fixtureRoles, readLines, type Scene, scene } from '../../test/fixtures/processes.ts'
import { createRoster } from '../process/roster.ts'
import { createRotator, type RotatedLog } from './rotator.ts'
import { tailLogs } from './tail.ts'

let current: Scene
const handles: LogHandle[] = []
beforeEach(() => {
  current = scene(fixtureRoles(['lines=20000']))
})
afterEach(async () => {
  await Promise.all(handles.splice(0).map((handle) => handle.close()))
  await current.remove()
})

const stillClock: Clock = { ...systemClock, timer: () => () => {} }

function rotator(logs: readonly RotatedLog[], policy = { maxBytes: 1000, backups: 3 }) {
  const counts = { ok: 0, failed: 0 }
  const handle = createLog({
    file: join(current.paths.root, 'r.log'),
    level: 'info',
    base: { id: 'supervisor', pid: 1 },
  })
  handles.push(handle)
  const made = createRotator({
    dir: current.logs,
    clock: stillClock,
    log: handle.log,
    policy: () => policy,
    logs: () => logs,
    counted: (result) => {
      counts[result]++
    },
  })
  return { rotator: made, counts }
}

test('20,000 lines of a child are all there, once and in order, after many rotations', async () => {
  const roster = createRoster(current.options)
  const [name, stop] = ['worker-0.log', new AbortController()]
  await roster.scale('worker', 1)
  const { client } = roster.list('worker')[0] as {
    client: { call(method: 'reopenLogs', params: object): Promise<object> }
  }
  const reopen = async () => void (await client.call('reopenLogs', {}))
  const { rotator: rotating, counts } = rotator([{ name, writer: 'reopen', reopen }], {
    maxBytes: 50_000,
    backups: 100,
  })
  const followed: string[] = []
  const following = (async () => {
    const options = { dir: current.logs, ids: ['worker:0'], lines: 100_000, follow: true, clock: systemClock }
    for await (const { line } of tailLogs({ ...options, signal: stop.signal })) followed.push(line)
  })()
  while (!current.notes().includes('worker:0 lines written')) {
    await rotating.check()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const expected = Array.from({ length: 20_000 }, (_, n) => `{"id":"worker:0","n":${n}}`)
  await expect.poll(() => followed.length, { timeout: 10_000 }).toBe(20_000)
  stop.abort()
  await following
  await roster.stopAll(0)
  roster.close()
  const files = readdirSync(current.logs).filter((file) => file.startsWith(name))
  const index = (file: string) => Number(file.split('.')[2] ?? 0)
  const written = files.sort((a, b) => index(b) - index(a)).flatMap((file) => readLines(join(current.logs, file)))
  expect(counts.ok).toBeGreaterThan(4)
  expect(counts.failed).toBe(0)
  expect(written).toEqual(expected)
  expect(followed).toEqual(expected)
})

test('raw output of a child is copied and begun anew, while its descriptor stays open', async () => {
  const [name, path] = ['worker-0.stderr.log', join(current.logs, 'worker-0.stderr.log')]
  const held = openSync(path, 'a')
  writeFileSync(held, `${'x'.repeat(2000)}\n`)
  await rotator([{ name, writer: 'hold' }]).rotator.check()
  writeFileSync(held, 'after\n')
  closeSync(held)
  expect(readFileSync(path, 'utf8')).toBe('after\n')
  expect(statSync(`${path}.1`).size).toBe(2001)
})

test('raw output that cannot be copied stays, and so do its backups', async () => {
  const [name, path] = ['worker-0.stderr.log', join(current.logs, 'worker-0.stderr.log')]
  writeFileSync(path, 'x'.repeat(2000))
  writeFileSync(`${path}.1`, 'older')
  mkdirSync(`${path}.copy`)
  const { rotator: rotating, counts } = rotator([{ name, writer: 'hold' }])
  for (let n = 0; n < 5; n++) await rotating.check()
  expect(counts).toEqual({ ok: 0, failed: 5 })
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('older')
  expect(statSync(path).size).toBe(2000)
})

test('no more backups than asked for', async () => {
  const name = 'a.log'
  const { rotator: rotating } = rotator([{ name, writer: 'reopen' }], { maxBytes: 10, backups: 2 })
  for (const letter of ['a', 'b', 'c', 'd']) {
    appendFileSync(join(current.logs, name), letter.repeat(20))
    await rotating.check()
  }
  expect(readdirSync(current.logs).filter((file) => file.startsWith(name))).toEqual(['a.log.1', 'a.log.2'])
  expect(readFileSync(join(current.logs, 'a.log.1'), 'utf8')).toBe('d'.repeat(20))
})

test('a rotation that fails is counted and logged once, the others go on, and it heals', async () => {
  const [bad, good] = ['bad.log', 'good.log']
  for (const name of [bad, good]) writeFileSync(join(current.logs, name), 'x'.repeat(2000))
  // Whatever the user's rights: a file cannot be renamed to the name of a directory.
  const { rotator: rotating, counts } = rotator([
    { name: bad, writer: 'reopen' },
    { name: good, writer: 'reopen' },
  ])
  for (const n of [1, 2, 3]) mkdirSync(join(current.logs, `${bad}.${n}`))
  await rotating.check()
  await rotating.check()
  expect(counts).toEqual({ ok: 1, failed: 2 })
  expect(readFileSync(join(current.logs, bad), 'utf8')).toHaveLength(2000)
  for (const n of [1, 2, 3]) rmdirSync(join(current.logs, `${bad}.${n}`))
  await rotating.check()
  expect(counts).toEqual({ ok: 2, failed: 2 })
  const complaints = () =>
    readLines(join(current.paths.root, 'r.log')).filter((line) => line.includes('cannot be rotated'))
  await expect.poll(complaints).toHaveLength(1)
})

test('a writer that cannot be asked to reopen does not make the rotation fail', async () => {
  writeFileSync(join(current.logs, 'a.log'), 'x'.repeat(2000))
  const reopen = () => Promise.reject(new Error('no answer'))
  const { rotator: rotating, counts } = rotator([{ name: 'a.log', writer: 'reopen', reopen }])
  await rotating.check()
  expect(counts).toEqual({ ok: 1, failed: 0 })
})

import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { type ChildHost, startChild } from './child-host.ts'
import { childClient } from './child-socket.ts'
import { createLog } from './log.ts'
import { isSameProcess, type RunRecord, readRunFile } from './run-file.ts'
import { statePaths } from './state-dir.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function start() {
  const root = mkdtempSync(join(tmpdir(), 'ch-'))
  const paths = statePaths(root)
  mkdirSync(paths.run)
  const logFile = join(root, 'worker-1.log')
  const log = createLog({ file: logFile, level: 'info', base: { id: 'worker:1', pid: process.pid } })
  const load = { inFlight: 0 }
  const env = { id: 'worker:1', stateDir: root, generation: 4, port: 8001 }
  const host: ChildHost = await startChild({
    env,
    configHash: 'c1',
    log,
    inFlight: () => load.inFlight,
    metrics: async () => [{ name: 'm', values: [] }],
  })
  closing.push(host.close, log.close)
  return { host, load, paths, log, logFile, client: childClient(paths.socketOf('worker:1')) }
}

test('says who it is, and is ready only when told so', async () => {
  const { host, client, paths } = await start()
  expect(await client.call('identity', {})).toMatchObject({
    id: 'worker:1',
    pid: process.pid,
    generation: 4,
    ready: false,
  })
  expect(readRunFile(paths.runFileOf('worker:1'))).toBeUndefined()
  host.listening(8001)
  host.setReady(true)
  const identity = await client.call('identity', {})
  const record = readRunFile(paths.runFileOf('worker:1')) as RunRecord
  expect(identity).toMatchObject({ ready: true, port: 8001, configHash: 'c1' })
  expect(record).toMatchObject({ pid: identity.pid, startTime: identity.startTime, generation: 4, port: 8001 })
  expect(isSameProcess(record)).toBe(true)
})

test('health tells load, memory and CPU; metrics pass through', async () => {
  const { client, load } = await start()
  load.inFlight = 3
  const health = await client.call('health', {})
  expect(health).toMatchObject({ ready: false, inFlight: 3, logDropped: 0 })
  expect(health.rss).toBeGreaterThan(health.heap)
  expect(health.cpuMs).toBeGreaterThan(0)
  expect(health.loopLagMs).toBeGreaterThanOrEqual(0)
  expect(await client.call('metrics', {})).toEqual([{ name: 'm', values: [] }])
})

test('drain takes it out of rotation and waits until it is idle; undrain brings it back', async () => {
  const { host, client, load } = await start()
  host.setReady(true)
  load.inFlight = 2
  const drained = client.call('drain', { deadlineMs: 5000 })
  await vi.waitFor(() => expect(host.isDraining()).toBe(true))
  expect(host.isReady()).toBe(false)
  load.inFlight = 0
  expect(await drained).toEqual({ inFlight: 0 })
  await client.call('undrain', {})
  expect(host.isReady()).toBe(true)
})

test('a drain that is not idle in time tells what is left', async () => {
  const { client, load } = await start()
  load.inFlight = 1
  expect(await client.call('drain', { deadlineMs: 30 })).toEqual({ inFlight: 1 })
})

test('drain without a deadline is a mistake, not a crash', async () => {
  const { client } = await start()
  const params = {} as { deadlineMs: number }
  await expect(client.call('drain', params)).rejects.toMatchObject({ code: 'CONTROL_PARAMS_INVALID' })
})

test('reopenLogs goes to a new file', async () => {
  const { client, log, logFile } = await start()
  log.log.info('old')
  await vi.waitFor(() => expect(readFileSync(logFile, 'utf8')).toContain('old'))
  renameSync(logFile, `${logFile}.1`)
  await client.call('reopenLogs', {})
  log.log.info('new')
  await vi.waitFor(() => expect(readFileSync(logFile, 'utf8')).toContain('new'))
  expect(readFileSync(`${logFile}.1`, 'utf8')).not.toContain('new')
})

test('a clean exit leaves neither run file nor socket', async () => {
  const { host, paths } = await start()
  host.listening(8001)
  await host.close()
  expect(existsSync(paths.runFileOf('worker:1'))).toBe(false)
  expect(existsSync(paths.socketOf('worker:1'))).toBe(false)
})

test('serves without a run file while it cannot be written, and writes it as soon as it can', async () => {
  const { host, client, paths } = await start()
  const aside = `${paths.run}.aside`
  renameSync(paths.run, aside)
  writeFileSync(paths.run, 'not a directory')
  host.listening(8001)
  host.setReady(true)
  expect(host.isReady()).toBe(true)
  rmSync(paths.run)
  renameSync(aside, paths.run)
  await vi.waitFor(() => expect(readRunFile(paths.runFileOf('worker:1'))).toMatchObject({ port: 8001 }), 5000)
  expect(await client.call('identity', {})).toMatchObject({ ready: true })
})

test('a run file that is removed comes back', async () => {
  const { host, paths } = await start()
  host.listening(8001)
  rmSync(paths.runFileOf('worker:1'))
  await vi.waitFor(() => expect(readRunFile(paths.runFileOf('worker:1'))).toMatchObject({ port: 8001 }), 5000)
})

import type { ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { configHash } from '@imgsvc/core/config/resolved'
import type { ProcessInfo } from '@imgsvc/core/control'
import type { ProcessId } from '@imgsvc/core/process'
import { readRunFile } from '@imgsvc/core/run-file'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { askPort, createInstance, type Instance } from '../test/fixtures/instance.ts'
import { fixtureRoles, isAlive, type OrphanOptions, startOrphan, testConfig } from '../test/fixtures/processes.ts'
import { withSecurityKey } from './security-key.ts'

let it: Instance
const children: ChildProcess[] = []
beforeEach(async () => {
  it = await createInstance()
})
afterEach(async () => {
  await it.close()
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** As an earlier supervisor would have saved it, key and all. */
function saveConfig(): void {
  mkdirSync(it.paths.run, { recursive: true, mode: 0o700 })
  const { config } = withSecurityKey(testConfig(it.paths, it.config), it.paths.key)
  writeFileSync(it.paths.config, JSON.stringify(config))
}

async function leave(id: ProcessId, options: OrphanOptions = {}): Promise<number> {
  const child = await startOrphan(it.paths, id, options)
  children.push(child)
  return child.pid
}

/** One worker and the balancer of a dead supervisor, serving. */
async function leaveBoth(): Promise<{ worker: number; balancer: number }> {
  saveConfig()
  const worker = await leave('worker:0', { port: it.ports.base, args: ['listen'] })
  const balancer = await leave('balancer:0', { port: it.ports.listen, args: ['listen'] })
  return { worker, balancer }
}

const leaveBalancer = async () => ({ pid: await leave('balancer:0', { port: it.ports.listen, args: ['listen'] }) })
const listen = fixtureRoles(['listen'], ['listen'])
const pids = async () => (await list()).map(({ id, state, pid }) => `${id} ${state} ${pid}`)
const list = (): Promise<readonly ProcessInfo[]> => it.client.call('process.list', {})
const until = (check: () => unknown) => expect.poll(check, { timeout: 15_000, interval: 20 })

test('the fixture and core agree on the hash of a configuration', async () => {
  saveConfig()
  const { config } = withSecurityKey(testConfig(it.paths, it.config), it.paths.key)
  await leave('worker:0')
  expect(readRunFile(it.paths.runFileOf('worker:0'))?.configHash).toBe(configHash(config))
})

test('children left behind are adopted: same pids, ports in use, ready at once, missing ones started', async () => {
  const { worker, balancer } = await leaveBoth()
  it.config.workers = { ...(it.config.workers as object), count: 2 }
  saveConfig()
  const running = await it.upAndReady({ roles: listen })
  expect(running.info().ready).toBe(true)
  expect((await pids()).slice(0, 2)).toEqual([`balancer:0 RUNNING ${balancer}`, `worker:0 RUNNING ${worker}`])
  await until(async () => (await list())[2]?.state).toBe('RUNNING')
  expect(Number((await askPort(it.ports.listen, '/')).body)).toBe(balancer)
  await running.stop()
  expect(it.notes().filter((note) => note.endsWith('SIGTERM'))).toHaveLength(3)
  await until(() => [worker, balancer].some(isAlive)).toBe(false)
})

test('a start that is refused leaves the children of the dead supervisor at work', async () => {
  const { worker, balancer } = await leaveBoth()
  const holder = createServer()
  await new Promise<void>((resolve) => holder.listen(it.ports.admin, '127.0.0.1', resolve))
  await expect(it.up({ roles: listen })).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    detail: expect.not.stringContaining('the public port'),
  })
  expect([worker, balancer].map(isAlive)).toEqual([true, true])
  expect(it.notes()).toEqual([])
  await new Promise((resolve) => holder.close(resolve))
})

test('with a changed live setting they are told to read it', async () => {
  const { worker, balancer } = await leaveBoth()
  it.config.images = { quality: 33 }
  await it.upAndReady({ roles: listen })
  await until(() => it.notes().filter((note) => note.includes('configure'))).toHaveLength(2)
  expect(await pids()).toEqual([`balancer:0 RUNNING ${balancer}`, `worker:0 RUNNING ${worker}`])
})

test('with a setting that is read at start, those that read it are restarted, and nobody else', async () => {
  const { worker, balancer } = await leaveBoth()
  it.config.workers = { ...(it.config.workers as object), renders: 3 }
  await it.upAndReady({ roles: listen })
  await until(async () => (await list())[1]).toMatchObject({ state: 'RUNNING', restarts: 1 })
  expect(isAlive(worker)).toBe(false)
  expect((await list())[0]).toMatchObject({ pid: balancer, restarts: 0 })
})

test('a child whose configuration nobody knows is restarted', async () => {
  mkdirSync(it.paths.run, { recursive: true, mode: 0o700 })
  const worker = await leave('worker:0', { port: it.ports.base, args: ['listen'] })
  await it.upAndReady({ roles: listen })
  await until(async () => (await list()).at(-1)).toMatchObject({ id: 'worker:0', state: 'RUNNING', restarts: 1 })
  expect(isAlive(worker)).toBe(false)
})

test('workers move to another base port', async () => {
  const { worker, balancer } = await leaveBoth()
  it.config.workers = { ...(it.config.workers as object), basePort: it.ports.base + 1 }
  await it.upAndReady({ roles: listen })
  await until(async () => (await list())[1]).toMatchObject({
    state: 'RUNNING',
    restarts: 1,
    port: it.ports.base + 1,
  })
  expect(isAlive(worker)).toBe(false)
  expect((await list())[0]).toMatchObject({ pid: balancer })
})

test('an adopted balancer is restarted without a refused connection: another one is born of it', async () => {
  const { balancer } = await leaveBoth()
  await it.upAndReady({ roles: listen })
  const over = new AbortController()
  const traffic = (async () => {
    while (!over.signal.aborted) await askPort(it.ports.listen, '/')
  })()
  const before = it.notes().length
  expect(await it.client.call('process.restart', { select: ['balancer'] })).toMatchObject([
    { id: 'balancer:0', ok: true, state: 'RUNNING' },
  ])
  over.abort()
  await traffic
  const born = it.notes().slice(before)
  expect(born.filter((note) => note.includes('spawnSibling'))).toEqual([
    'balancer:0 spawnSibling balancer:1',
    'balancer:1 spawnSibling balancer:0',
  ])
  const all = await list()
  expect(all.map(({ id }) => id)).toEqual(['balancer:0', 'worker:0'])
  expect(all[0]?.pid).not.toBe(balancer)
  expect(isAlive(balancer)).toBe(false)
  expect(Number((await askPort(it.ports.listen, '/')).body)).toBe(all[0]?.pid)
})

test('an adopted balancer that dies is replaced through the other one, and so is the one that was born that way', async () => {
  it.config.balancer = { count: 2 }
  saveConfig()
  await leave('worker:0', { port: it.ports.base, args: ['listen'] })
  const { pid } = await leaveBalancer()
  await it.upAndReady({ roles: listen })
  await until(async () => (await list()).map(({ id, state }) => `${id} ${state}`)).toEqual([
    'balancer:0 RUNNING',
    'balancer:1 RUNNING',
    'worker:0 RUNNING',
  ])
  const [, second] = (await list()) as [ProcessInfo, ProcessInfo]
  process.kill(second.pid as number, 'SIGKILL')
  await until(async () => (await list())[1]).toMatchObject({ state: 'RUNNING', restarts: 1 })
  process.kill(pid, 'SIGKILL')
  await until(async () => (await list())[0]).toMatchObject({ state: 'RUNNING', restarts: 1 })
  expect(it.notes().filter((note) => note.includes('spawnSibling'))).toEqual([
    'balancer:0 spawnSibling balancer:1',
    'balancer:0 spawnSibling balancer:1',
    'balancer:1 spawnSibling balancer:0',
  ])
})

test('an adopted balancer that dies is replaced: its port is free again', async () => {
  const { balancer } = await leaveBoth()
  await it.upAndReady({ roles: listen })
  process.kill(balancer, 'SIGKILL')
  await until(async () => (await list())[0]).toMatchObject({ state: 'RUNNING', restarts: 1 })
  expect(Number((await askPort(it.ports.listen, '/')).body)).toBe((await list())[0]?.pid)
})

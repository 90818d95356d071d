import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { childClient } from '@imgsvc/core/child-socket'
import { parseResolvedConfig } from '@imgsvc/core/config/resolved'
import type { ProcessInfo } from '@imgsvc/core/control'
import { ImgsvcError } from '@imgsvc/core/errors'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createInstance, type Instance } from '../test/fixtures/instance.ts'
import { testConfig } from '../test/fixtures/processes.ts'

let it: Instance
beforeEach(async () => {
  it = await createInstance()
})
afterEach(() => it.close())

describe('reload', () => {
  const reload = (dryRun = false) => it.client.call('config.reload', { dryRun })

  test('a mistake changes nothing', async () => {
    let broken = false
    const load = () => {
      if (broken) throw new ImgsvcError('CONFIG_INVALID', 'imgsvc.yaml:3:1: no')
      return { config: testConfig(it.paths, it.config), origins: {} }
    }
    await it.upAndReady({ load })
    const before = await it.client.call('process.list', {})
    const saved = readFileSync(it.paths.config, 'utf8')
    broken = true
    await expect(reload()).rejects.toMatchObject({ code: 'CONFIG_INVALID', detail: 'imgsvc.yaml:3:1: no' })
    expect(readFileSync(it.paths.config, 'utf8')).toBe(saved)
    expect((await it.client.call('process.list', {})).map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid))
  })

  test('live settings reach the running processes', async () => {
    await it.upAndReady()
    const before = await it.client.call('process.list', {})
    it.config.logs = { dir: join(it.dir, 'logs'), level: 'warn' }
    expect(await reload(true)).toEqual({ changed: ['logs.level'], needRestart: [] })
    expect(it.notes().some((note) => note.includes('configure'))).toBe(false)
    expect(await reload()).toEqual({ changed: ['logs.level'], needRestart: [] })
    expect(
      it
        .notes()
        .filter((note) => note.includes('configure'))
        .map((note) => note.split(' ')[0])
        .sort(),
    ).toEqual(['balancer:0', 'worker:0'])
    expect((await it.client.call('process.list', {})).map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid))
    expect(parseResolvedConfig(readFileSync(it.paths.config, 'utf8')).logs.level).toBe('warn')
  })

  test('numbers are changed, what is read at start is restarted, what needs all of it is named', async () => {
    const running = await it.upAndReady()
    const [balancer, worker] = (await it.client.call('process.list', {})) as [ProcessInfo, ProcessInfo]
    it.config.listen = '127.0.0.1:1'
    it.config.workers = { ...(it.config.workers as object), count: 2, renders: 2 }
    expect(await reload()).toEqual({ changed: ['listen', 'workers.count', 'workers.renders'], needRestart: ['listen'] })
    const after = await it.client.call('process.list', {})
    expect(after.map(({ id, state }) => `${id} ${state}`)).toEqual([
      'balancer:0 RUNNING',
      'worker:0 RUNNING',
      'worker:1 RUNNING',
    ])
    expect(after[0]?.pid).toBe(balancer.pid)
    expect(after[1]?.pid).not.toBe(worker.pid)
    expect(running.info().listen).toBe(`127.0.0.1:${it.ports.listen}`)
  })
})

describe('a configuration that is valid and breaks workers', () => {
  const reload = () => it.client.call('config.reload', {})
  const pids = async () => (await it.client.call('process.list', {})).map(({ id, pid }) => `${id} ${pid}`)

  test('is tried by a canary alone and never in force: nothing has changed, and the reason is told', async () => {
    it.config.sources = [{ type: 'file', root: '/tmp' }]
    const running = await it.upAndReady()
    const [before, saved] = [await pids(), readFileSync(it.paths.config, 'utf8')]
    it.config.sources = [{ type: 'file', root: '/no/such/root' }]
    it.config.images = { quality: 11 }
    await expect(reload()).rejects.toMatchObject({
      code: 'PROCESS_FAILED',
      detail: expect.stringMatching(
        /^worker:1: the canary did not pass, nothing else was touched: .*sources\.0\.root: ENOENT.*; the configuration in force stays$/,
      ),
    })
    expect(await pids()).toEqual(before)
    expect(readFileSync(it.paths.config, 'utf8')).toBe(saved)
    expect(existsSync(it.paths.trialConfig)).toBe(false)
    expect(running.config().images.quality).not.toBe(11)
    expect(it.notes().some((note) => note.includes('configure'))).toBe(false)
  })

  test('a worker that is needed meanwhile starts with the configuration in force', async () => {
    it.config.sources = [{ type: 'file', root: '/tmp' }]
    await it.upAndReady()
    it.config.sources = [{ type: 'file', root: '/no/such/root' }]
    const reloading = reload().catch((error: unknown) => error)
    await expect.poll(pids, { timeout: 10_000, interval: 5 }).toHaveLength(3)
    const worker = (await it.client.call('process.list', { select: ['worker:0'] }))[0] as ProcessInfo
    process.kill(worker.pid as number, 'SIGKILL')
    expect(await reloading).toMatchObject({ code: 'PROCESS_FAILED' })
    const running = () => it.client.call('process.list', { select: ['worker:0'] })
    await expect.poll(running, { timeout: 10_000 }).toMatchObject([{ state: 'RUNNING', restarts: 1 }])
    expect(await childClient(it.paths.socketOf('worker:0')).call('selfTest', {})).toEqual({ ms: 1 })
  })

  test('a scale whose ports are taken changes nothing and names who has them', async () => {
    const holder = createServer()
    await new Promise<void>((resolve) => holder.listen(it.ports.base + 1, '127.0.0.1', resolve))
    await it.upAndReady()
    const before = await pids()
    it.config.workers = { ...(it.config.workers as object), count: 2 }
    const refusal = {
      code: 'PORT_TAKEN',
      detail: expect.stringContaining(`port ${it.ports.base + 1} is taken by pid ${process.pid} (`),
    }
    await expect(reload()).rejects.toMatchObject(refusal)
    await expect(it.client.call('process.scale', { workers: 2 })).rejects.toMatchObject(refusal)
    expect(await pids()).toEqual(before)
    await new Promise((resolve) => holder.close(resolve))
    expect(await reload()).toMatchObject({ changed: ['workers.count'] })
  })
})

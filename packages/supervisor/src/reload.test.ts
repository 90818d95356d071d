import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseResolvedConfig } from '@imgsvc/core/config/load'
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

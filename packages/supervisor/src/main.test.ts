import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { parseResolvedConfig } from '@imgsvc/core/config/resolved'
import { ImgsvcError } from '@imgsvc/core/errors'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { askPort, createInstance, type Instance } from '../test/fixtures/instance.ts'
import { fixtureRoles, isAlive, readLines } from '../test/fixtures/processes.ts'

let it: Instance
beforeEach(async () => {
  it = await createInstance()
})
afterEach(() => it.close())

describe('start and stop', () => {
  test('balancers come after the first worker; then the public port answers', async () => {
    const started = await it.upAndReady()
    expect(started.info()).toMatchObject({ version: '1.2.3', ready: true, listen: `127.0.0.1:${it.ports.listen}` })
    const { body } = await askPort(it.ports.listen, '/')
    const list = await it.client.call('process.list', {})
    expect(list.map(({ id, state }) => `${id} ${state}`)).toEqual(['balancer:0 RUNNING', 'worker:0 RUNNING'])
    expect(Number(body)).toBe(list[0]?.pid)
    const upstreams = JSON.parse(readFileSync(it.paths.upstreams, 'utf8'))
    expect(upstreams.upstreams).toMatchObject([{ id: 'worker:0', port: it.ports.base, state: 'up' }])
  })

  test('a stop leaves no process, no socket and no claim, and can be followed by a start', async () => {
    const started = await it.upAndReady()
    const pids = (await it.client.call('process.list', {})).map(({ pid }) => pid as number)
    await started.stop()
    expect(await started.stopped).toEqual({ kind: 'shutdown' })
    expect(pids.map(isAlive)).toEqual([false, false])
    expect([it.paths.supervisorSocket, it.paths.supervisorPid].map((path) => existsSync(path))).toEqual([false, false])
    expect(it.notes().filter((note) => note.endsWith('SIGTERM'))).toEqual(['balancer:0 SIGTERM', 'worker:0 SIGTERM'])
    await it.upAndReady()
  })

  test('the order waits: no balancer before a worker is RUNNING, no worker stops before the balancers are gone', async () => {
    const started = await it.upAndReady({ roles: fixtureRoles(['slow-start=400'], ['listen']) })
    await started.stop()
    const changes = readLines(join(it.dir, 'logs', 'supervisor.log'))
      .map((line) => JSON.parse(line))
      .filter(({ msg }) => msg === 'state changed')
      .map(({ process: id, to }) => `${id} ${to}`)
    expect(changes).toEqual([
      ...['worker:0 starting', 'worker:0 running', 'balancer:0 starting', 'balancer:0 running'],
      ...['balancer:0 stopping', 'balancer:0 stopped', 'worker:0 stopping', 'worker:0 stopped'],
    ])
  })

  test('supervisor.shutdown answers first and then stops', async () => {
    const started = await it.upAndReady()
    expect(await it.client.call('supervisor.shutdown', {})).toEqual({ stopping: true })
    expect(await started.stopped).toEqual({ kind: 'shutdown' })
  })

  test('when no worker can start, ready rejects with the reason, and the operator was told', async () => {
    it.config.workers = { count: 1, basePort: it.ports.base, startRetries: 1 }
    const printed: string[] = []
    const started = await it.up({ roles: fixtureRoles(['crash']), print: (line) => printed.push(line) })
    await expect(started.ready).rejects.toMatchObject({
      code: 'PROCESS_FAILED',
      detail: 'worker:0: exited with code 1: Error: the fixture was told to crash',
    })
    expect(
      printed.some(
        (line) => line.startsWith('worker:0 did not start: exited with code 1') && line.endsWith('trying again'),
      ),
    ).toBe(true)
    expect(started.info().ready).toBe(false)
    expect(it.notes()).toEqual([])
  })

  test("the state directory is the owner's alone; the children read config.json with a generated key", async () => {
    const printed: string[] = []
    await it.upAndReady({ print: (line) => printed.push(line) })
    expect(statSync(it.paths.run).mode & 0o777).toBe(0o700)
    expect(statSync(it.paths.config).mode & 0o777).toBe(0o600)
    const config = parseResolvedConfig(readFileSync(it.paths.config, 'utf8'))
    expect(config.security.key).toBe(`file:${it.paths.key}`)
    expect(printed).toEqual([`made a signing key: ${it.paths.key}`])
  })
})

describe('a start that is refused leaves nothing behind', () => {
  test('a second instance names the first and does not touch it', async () => {
    await it.upAndReady()
    const before = await it.client.call('process.list', {})
    const second = it.up()

    await expect(second).rejects.toMatchObject({
      code: 'ALREADY_RUNNING',
      detail: expect.stringContaining(`pid ${process.pid}`),
    })
    const after = await it.client.call('process.list', {})
    expect(after.map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid))
  })

  test('a taken port, before anything was spawned', async () => {
    const holder = createServer()
    await new Promise<void>((resolve) => holder.listen(it.ports.base, '127.0.0.1', resolve))
    await expect(it.up()).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      detail: expect.stringContaining(`port ${it.ports.base} is taken by pid`),
    })
    expect(existsSync(it.paths.supervisorPid)).toBe(false)
    await new Promise((resolve) => holder.close(resolve))
    await it.upAndReady()
  })

  test('a mistake in the configuration and a secret that is not there', async () => {
    const load = () => {
      throw new ImgsvcError('CONFIG_INVALID', 'imgsvc.yaml:3:1: workers.count: expected …')
    }
    await expect(it.up({ load })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    it.config.admin = { listen: `127.0.0.1:${it.ports.admin}`, token: 'env:NO_SUCH_TOKEN' }
    await expect(it.up({ env: {} })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      detail: expect.stringContaining('NO_SUCH_TOKEN'),
    })
    expect(existsSync(it.paths.supervisorPid)).toBe(false)
  })

  test('a state directory that is a file', async () => {
    writeFileSync(join(it.dir, 'file'), '')
    await expect(it.up({ stateDir: join(it.dir, 'file') })).rejects.toMatchObject({ code: 'STATE_DIR_UNUSABLE' })
  })
})

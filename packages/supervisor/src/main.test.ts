import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { get as httpGet, request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseResolvedConfig } from '@imgsvc/core/config/load'
import type { ControlMethods, LogLine, ProcessInfo } from '@imgsvc/core/control'
import { ImgsvcError } from '@imgsvc/core/errors'
import { rpcClient } from '@imgsvc/core/rpc-client'
import { statePaths } from '@imgsvc/core/state-dir'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fixtureRoles, freePorts, isAlive, readLines, testConfig } from '../test/fixtures/processes.ts'
import { runSupervisor } from './main.ts'
import type { RunningSupervisor, SupervisorOptions } from './supervisor-options.ts'

let dir: string
let over: Record<string, unknown>
let running: RunningSupervisor | undefined
let ports: { listen: number; admin: number; base: number }

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sv-'))
  const [listen, admin, base] = (await freePorts(3)) as [number, number, number]
  ports = { listen, admin, base }
  over = {
    listen: `127.0.0.1:${listen}`,
    admin: { listen: `127.0.0.1:${admin}` },
    workers: { count: 1, basePort: base, stopTimeout: '5s', startTimeout: '10s' },
  }
})
afterEach(async () => {
  await running?.stop(0)
  running = undefined
  rmSync(dir, { recursive: true, force: true })
})

const paths = () => statePaths(dir)
const client = () => rpcClient<ControlMethods>(paths().supervisorSocket)
const notes = () => readLines(join(dir, 'notes'))

async function up(options: Partial<SupervisorOptions> = {}): Promise<RunningSupervisor> {
  running = await runSupervisor({
    stateDir: dir,
    load: () => ({ config: testConfig(paths(), over), origins: { listen: 'flag:--listen' } }),
    version: '1.2.3',
    roles: fixtureRoles([], ['listen']),
    handleSignals: false,
    ...options,
  })
  return running
}

async function upAndReady(options: Partial<SupervisorOptions> = {}): Promise<RunningSupervisor> {
  const started = await up(options)
  await started.ready
  return started
}

interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: string
}

function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options
    const request = httpRequest(
      { port: ports.admin, host: '127.0.0.1', path, method, headers, agent: false },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

const post = (method: string, params: object, headers: Record<string, string> = {}) =>
  ask(`/v1/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(params),
  })

describe('start and stop', () => {
  test('balancers come after the first worker; then the public port answers', async () => {
    const started = await upAndReady()
    expect(started.info()).toMatchObject({ version: '1.2.3', ready: true, listen: `127.0.0.1:${ports.listen}` })
    const answer = await new Promise<string>((resolve, reject) => {
      httpGet({ port: ports.listen, host: '127.0.0.1', agent: false }, (response) => {
        response.on('data', (chunk: Buffer) => resolve(chunk.toString()))
      }).on('error', reject)
    })
    const list = await client().call('process.list', {})
    expect(list.map(({ id, state }) => `${id} ${state}`)).toEqual(['balancer:0 RUNNING', 'worker:0 RUNNING'])
    expect(Number(answer)).toBe(list[0]?.pid)
    const upstreams = JSON.parse(readFileSync(paths().upstreams, 'utf8'))
    expect(upstreams.upstreams).toMatchObject([{ id: 'worker:0', port: ports.base, state: 'up' }])
  })

  test('a stop leaves no process, no socket and no claim, and can be followed by a start', async () => {
    const started = await upAndReady()
    const pids = (await client().call('process.list', {})).map(({ pid }) => pid as number)
    await started.stop()
    expect(await started.stopped).toEqual({ kind: 'shutdown' })
    expect(pids.map(isAlive)).toEqual([false, false])
    expect([paths().supervisorSocket, paths().supervisorPid].map((path) => existsSync(path))).toEqual([false, false])
    expect(notes().filter((note) => note.endsWith('SIGTERM'))).toEqual(['balancer:0 SIGTERM', 'worker:0 SIGTERM'])
    await upAndReady()
  })

  test('supervisor.shutdown answers first and then stops', async () => {
    const started = await upAndReady()
    expect(await client().call('supervisor.shutdown', {})).toEqual({ stopping: true })
    expect(await started.stopped).toEqual({ kind: 'shutdown' })
  })

  test('when no worker can start, ready rejects with the reason, and the operator was told', async () => {
    over.workers = { count: 1, basePort: ports.base, startRetries: 1 }
    const printed: string[] = []
    const started = await up({ roles: fixtureRoles(['crash']), print: (line) => printed.push(line) })
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
    expect(notes()).toEqual([])
  })

  test("the state directory is the owner's alone; the children read config.json with a generated key", async () => {
    const printed: string[] = []
    await upAndReady({ print: (line) => printed.push(line) })
    expect(statSync(paths().run).mode & 0o777).toBe(0o700)
    expect(statSync(paths().config).mode & 0o777).toBe(0o600)
    const config = parseResolvedConfig(readFileSync(paths().config, 'utf8'))
    expect(config.security.key).toBe(`file:${paths().key}`)
    expect(printed).toEqual([`made a signing key: ${paths().key}`])
  })
})

describe('a start that is refused leaves nothing behind', () => {
  test('a second instance names the first and does not touch it', async () => {
    await upAndReady()
    const before = await client().call('process.list', {})
    const second = runSupervisor({
      stateDir: dir,
      load: () => ({ config: testConfig(paths(), over), origins: {} }),
      version: '2',
    })
    await expect(second).rejects.toMatchObject({
      code: 'ALREADY_RUNNING',
      detail: expect.stringContaining(`pid ${process.pid}`),
    })
    const after = await client().call('process.list', {})
    expect(after.map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid))
  })

  test('a taken port, before anything was spawned', async () => {
    const { createServer } = await import('node:net')
    const holder = createServer()
    await new Promise<void>((resolve) => holder.listen(ports.base, '127.0.0.1', resolve))
    await expect(up()).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      detail: expect.stringContaining(`port ${ports.base} is taken by pid`),
    })
    expect(existsSync(paths().supervisorPid)).toBe(false)
    await new Promise((resolve) => holder.close(resolve))
    await upAndReady()
  })

  test('a mistake in the configuration and a secret that is not there', async () => {
    const load = () => {
      throw new ImgsvcError('CONFIG_INVALID', 'imgsvc.yaml:3:1: workers.count: expected …')
    }
    await expect(up({ load })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    over.admin = { listen: `127.0.0.1:${ports.admin}`, token: 'env:NO_SUCH_TOKEN' }
    await expect(up({ env: {} })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      detail: expect.stringContaining('NO_SUCH_TOKEN'),
    })
    expect(existsSync(paths().supervisorPid)).toBe(false)
  })

  test('a state directory that is a file', async () => {
    writeFileSync(join(dir, 'file'), '')
    await expect(up({ stateDir: join(dir, 'file') })).rejects.toMatchObject({ code: 'STATE_DIR_UNUSABLE' })
  })
})

describe('the control socket', () => {
  test('start, stop, restart, drain, undrain and scale act and report', async () => {
    await upAndReady()
    const call = client().call
    expect(await call('process.scale', { workers: 2 })).toMatchObject([{ id: 'worker:1', ok: true, state: 'RUNNING' }])
    expect(await call('process.stop', { select: ['worker:0'] })).toMatchObject([{ ok: true, state: 'STOPPED' }])
    expect(await call('process.start', { select: [`worker:${ports.base}`] })).toMatchObject([
      { id: 'worker:0', ok: true },
    ])
    expect(await call('process.drain', { select: ['worker:1'] })).toMatchObject([{ ok: true }])
    expect((await call('process.list', { select: ['worker:1'] }))[0]).toMatchObject({
      draining: true,
      state: 'RUNNING',
    })
    expect(await call('process.undrain', { select: ['worker:1'] })).toMatchObject([{ ok: true }])
    const restarted = await call('process.restart', { select: ['all'] })
    expect(restarted.map(({ id, ok }) => `${id} ${ok}`)).toEqual(['worker:0 true', 'worker:1 true', 'balancer:0 true'])
    expect(await call('process.scale', { workers: 1 })).toMatchObject([{ id: 'worker:1', state: 'STOPPED' }])
  })

  test('mistakes are answered with their codes', async () => {
    await upAndReady()
    const call = client().call
    await expect(call('process.stop', { select: ['worker:9'] })).rejects.toMatchObject({ code: 'PROCESS_UNKNOWN' })
    await expect(call('process.stop', { select: ['nginx'] })).rejects.toMatchObject({ code: 'SELECTOR_INVALID' })
    await expect(call('process.scale', { workers: 0 })).rejects.toMatchObject({ code: 'CONTROL_PARAMS_INVALID' })
    await expect(call('log.tail', { select: ['worker:9'] })).rejects.toMatchObject({ code: 'PROCESS_UNKNOWN' })
    await expect(call('no.such' as 'process.list', {})).rejects.toMatchObject({ code: 'CONTROL_METHOD_UNKNOWN' })
  })

  test('config.show masks secrets and tells origins', async () => {
    over.admin = { listen: `127.0.0.1:${ports.admin}`, token: 'very-secret' }
    await upAndReady()
    const shown = await client().call('config.show', {})
    expect(shown).toMatchObject({ config: { admin: { token: '***' } }, origins: { listen: 'flag:--listen' } })
  })

  test('log.tail gives the last lines of a process and of the supervisor, and follows', async () => {
    await upAndReady({ roles: fixtureRoles(['lines=30'], ['listen']) })
    await expect.poll(notes).toContain('worker:0 lines written')
    const read = async (params: object) => {
      const lines: LogLine[] = []
      for await (const line of await client().call('log.tail', params)) lines.push(line)
      return lines
    }
    expect(await read({ select: ['worker:0'], lines: 2 })).toEqual([
      { id: 'worker:0', line: '{"id":"worker:0","n":28}' },
      { id: 'worker:0', line: '{"id":"worker:0","n":29}' },
    ])
    const own = () => read({ select: ['supervisor'], lines: 100 })
    await expect.poll(async () => (await own()).some(({ line }) => line.includes('the public port answers'))).toBe(true)
    const leave = new AbortController()
    const stream = await client().call(
      'log.tail',
      { select: ['worker'], lines: 1, follow: true },
      { signal: leave.signal },
    )
    const lines = stream[Symbol.asyncIterator]()
    expect((await lines.next()).value).toMatchObject({ line: '{"id":"worker:0","n":29}' })
    leave.abort()
    await expect(lines.next()).rejects.toThrow()
  })

  test('log.reopen reaches every process', async () => {
    await upAndReady()
    expect(await client().call('log.reopen', {})).toEqual({ reopened: 3 })
  })
})

describe('reload', () => {
  const reload = (dryRun = false) => client().call('config.reload', { dryRun })

  test('a mistake changes nothing', async () => {
    let broken = false
    const load = () => {
      if (broken) throw new ImgsvcError('CONFIG_INVALID', 'imgsvc.yaml:3:1: no')
      return { config: testConfig(paths(), over), origins: {} }
    }
    await upAndReady({ load })
    const before = await client().call('process.list', {})
    const saved = readFileSync(paths().config, 'utf8')
    broken = true
    await expect(reload()).rejects.toMatchObject({ code: 'CONFIG_INVALID', detail: 'imgsvc.yaml:3:1: no' })
    expect(readFileSync(paths().config, 'utf8')).toBe(saved)
    expect((await client().call('process.list', {})).map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid))
  })

  test('live settings reach the running processes', async () => {
    await upAndReady()
    const before = await client().call('process.list', {})
    over.logs = { dir: join(dir, 'logs'), level: 'warn' }
    expect(await reload(true)).toEqual({ changed: ['logs.level'], needRestart: [] })
    expect(notes().some((note) => note.includes('configure'))).toBe(false)
    expect(await reload()).toEqual({ changed: ['logs.level'], needRestart: [] })
    expect(
      notes()
        .filter((note) => note.includes('configure'))
        .map((note) => note.split(' ')[0])
        .sort(),
    ).toEqual(['balancer:0', 'worker:0'])
    expect((await client().call('process.list', {})).map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid))
    expect(parseResolvedConfig(readFileSync(paths().config, 'utf8')).logs.level).toBe('warn')
  })

  test('numbers are changed, what is read at start is restarted, what needs all of it is named', async () => {
    await upAndReady()
    const [balancer, worker] = (await client().call('process.list', {})) as [ProcessInfo, ProcessInfo]
    over.listen = '127.0.0.1:1'
    over.workers = { count: 2, basePort: ports.base, renders: 2 }
    expect(await reload()).toEqual({
      changed: ['listen', 'workers.count', 'workers.renders', 'workers.stopTimeout', 'workers.startTimeout'].sort(
        (a, b) => ORDER.indexOf(a) - ORDER.indexOf(b),
      ),
      needRestart: ['listen'],
    })
    const after = await client().call('process.list', {})
    expect(after.map(({ id, state }) => `${id} ${state}`)).toEqual([
      'balancer:0 RUNNING',
      'worker:0 RUNNING',
      'worker:1 RUNNING',
    ])
    expect(after[0]?.pid).toBe(balancer.pid)
    expect(after[1]?.pid).not.toBe(worker.pid)
    expect(running?.info().listen).toBe(`127.0.0.1:${ports.listen}`)
  })
})

const ORDER = ['listen', 'workers.count', 'workers.renders', 'workers.startTimeout', 'workers.stopTimeout']

describe('the admin port', () => {
  test('lists processes and serves a page that loads nothing from elsewhere', async () => {
    await upAndReady()
    expect(JSON.parse((await ask('/v1/processes')).body)).toMatchObject([
      { id: 'balancer:0' },
      { id: 'worker:0', state: 'RUNNING' },
    ])
    const page = await ask('/')
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    expect(page.body).toContain('v1/processes')
    expect(page.body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
    expect(await ask('/healthz')).toMatchObject({ status: 200, body: 'ok\n' })
    expect(await ask('/', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' })
  })

  test('adds the metrics of all processes up, keeping those of one apart', async () => {
    await upAndReady()
    const { body, headers } = await ask('/metrics')
    expect(headers['content-type']).toContain('text/plain')
    expect(body).toMatch(/^test_total 4$/m)
    expect(body).toMatch(/^test_rss\{process="worker:0"\} 5$/m)
    expect(body).toMatch(/^imgsvc_process_up\{process="worker:0"\} 1$/m)
    expect(body).toMatch(/^imgsvc_process_restarts_total\{process="worker:0"\} 0$/m)
    expect(body).toMatch(/^imgsvc_process_resident_memory_bytes\{process="supervisor"\} \d{7,}$/m)
  })

  test('a process that does not answer is left out of the metrics and counted', async () => {
    await upAndReady({ roles: fixtureRoles(['silent-metrics'], ['listen']) })
    const { status, body } = await ask('/metrics')
    expect(status).toBe(200)
    expect(body).toMatch(/^test_total 2$/m)
    expect(body).toMatch(/^imgsvc_scrape_misses_total\{process="worker:0"\} 1$/m)
  })

  test('changes nothing on GET, and calls the same methods on POST', async () => {
    await upAndReady()
    expect(await ask('/v1/process.restart?select=all')).toMatchObject({ status: 405 })
    expect((await ask('/no')).status).toBe(404)
    expect(
      (await ask('/v1/process.stop', { method: 'DELETE', headers: { 'content-type': 'application/json' } })).status,
    ).toBe(405)
    const answer = await post('process.stop', { select: ['worker:0'] })
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.body)).toMatchObject([{ id: 'worker:0', state: 'STOPPED' }])
    const refused = await post('process.stop', { select: ['worker:0'] }, { origin: 'http://evil.example' })
    expect(refused.status).toBe(403)
    expect(JSON.parse(refused.body).error.code).toBe('CONTROL_FORBIDDEN')
  })

  test('wants the token when there is one', async () => {
    over.admin = { listen: `127.0.0.1:${ports.admin}`, token: 'env:TOKEN' }
    await upAndReady({ env: { TOKEN: 'sesame' } })
    expect((await ask('/v1/processes')).status).toBe(403)
    expect((await ask('/metrics')).status).toBe(403)
    expect((await ask('/v1/processes', { headers: { authorization: 'Bearer sesame' } })).status).toBe(200)
    expect((await ask('/healthz')).status).toBe(200)
  })

  test('refuses a name that an attacker let point here', async () => {
    await upAndReady()
    expect((await ask('/v1/processes', { headers: { host: 'evil.example' } })).status).toBe(403)
  })
})

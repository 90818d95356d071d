import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { fixtureRoles, freePorts, isAlive, type Scene, scene } from '../../test/fixtures/processes.ts'
import { drain, restart, start, stop, undrain } from './actions.ts'
import type { Controller } from './controller.ts'
import { rollingRestart } from './rolling.ts'
import { createRoster, type Roster } from './roster.ts'

let current: { scene: Scene; roster: Roster } | undefined
afterEach(async () => {
  await current?.roster.stopAll(0)
  current?.roster.close()
  await current?.scene.remove()
  current = undefined
})

function setUp(worker: readonly string[] = [], workers: Record<string, unknown> = {}) {
  const made = scene(fixtureRoles(worker), workers)
  const roster = createRoster(made.options)
  current = { scene: made, roster }
  return { scene: made, roster }
}

const never = new AbortController().signal
const only = (roster: Roster) => roster.list('worker')[0] as Controller
const until = (check: () => unknown) => expect.poll(check, { timeout: 10_000, interval: 10 })

describe('starting', () => {
  test('workers run on their ports and say who they are', async () => {
    const { roster } = setUp()
    const results = await roster.scale('worker', 2)
    expect(results.map(({ id, ok, state }) => [id, ok, state])).toEqual([
      ['worker:0', true, 'RUNNING'],
      ['worker:1', true, 'RUNNING'],
    ])
    expect(roster.list('worker').map((worker) => worker.port)).toEqual([8000, 8001])
    await until(() => only(roster).info()).toMatchObject({ inFlight: 2, loopLagMs: 1.2, restarts: 0, want: 'up' })
    expect(only(roster).info().rss).toBeGreaterThan(0)
  })

  test('a child that crashes at start backs off, then is FATAL, with its own words as the reason', async () => {
    const { roster } = setUp(['crash'], { startRetries: 1 })
    const [result] = await roster.scale('worker', 1)
    expect(result).toMatchObject({ ok: false, reason: 'exited with code 1: Error: the fixture was told to crash' })
    expect(only(roster).state()).toBe('backoff')
    await until(() => only(roster).state()).toBe('fatal')
    expect(only(roster).info()).toMatchObject({ state: 'FATAL', pid: null, want: 'up', restarts: 1 })
    expect(only(roster).info().reason).toContain('told to crash')
  })

  test('a child whose port is taken is reported with the holder', async () => {
    const [port] = (await freePorts(1)) as [number]
    const holder = createServer().listen(port, '127.0.0.1')
    const { roster } = setUp(['taken'], { startRetries: 0, basePort: port })
    const [result] = await roster.scale('worker', 1)
    await new Promise((resolve) => holder.close(resolve))
    expect(result?.reason).toContain(`exited with code 98: port ${port} is taken by pid ${process.pid}`)
    expect(result?.state).toBe('FATAL')
  })

  test('a child that is not ready in time is stopped and counts as failed', async () => {
    const { roster } = setUp(['never-ready'], { startTimeout: 300, startRetries: 0 })
    const [result] = await roster.scale('worker', 1)
    expect(result).toMatchObject({ ok: false, state: 'FATAL', reason: 'was not ready within 0.3 s' })
  })

  test('a program that does not exist is a failure like any other', async () => {
    const { scene: made } = setUp()
    const roles = fixtureRoles()
    const roster = createRoster({
      ...made.options,
      roles: { ...roles, worker: { ...roles.worker, entry: '/no/such.mjs' } },
    })
    const [result] = await roster.scale('worker', 1)
    expect(result?.reason).toContain("Cannot find module '/no/such.mjs'")
    await roster.stopAll(0)
    roster.close()
  })
})

describe('running', () => {
  test('a killed worker is replaced at once', async () => {
    const { roster } = setUp()
    await roster.scale('worker', 1)
    const { pid } = only(roster).info()
    process.kill(pid as number, 'SIGKILL')
    await until(() => only(roster).info()).toMatchObject({
      state: 'RUNNING',
      restarts: 1,
      lastExit: { signal: 'SIGKILL' },
    })
    expect(only(roster).info().pid).not.toBe(pid)
  })

  test('it is replaced even when its output cannot be written', async () => {
    const { scene: made, roster } = setUp()
    await roster.scale('worker', 1)
    const file = join(made.logs, 'worker-0.stderr.log')
    rmSync(file)
    mkdirSync(file)
    process.kill(only(roster).info().pid as number, 'SIGKILL')
    await until(() => only(roster).info()).toMatchObject({ state: 'RUNNING', restarts: 1 })
  })

  test('one that dies again and again is slowed down', async () => {
    const { roster } = setUp(['crash-later=700'])
    await roster.scale('worker', 1)
    await until(() => only(roster).state()).toBe('backoff')
    expect(only(roster).info()).toMatchObject({ state: 'BACKOFF', restarts: 1, reason: 'exited with code 3' })
  })

  test('drain takes a worker out of rotation, undrain brings it back', async () => {
    const { scene: made, roster } = setUp()
    await roster.scale('worker', 1)
    await roster.scale('balancer', 1)
    expect(await drain(only(roster))).toMatchObject({ ok: true, state: 'RUNNING' })
    expect(only(roster).info().draining).toBe(true)
    expect(made.notes().at(-2)).toMatch(/^balancer:0 upstreams \d+ worker:0=draining$/)
    expect(made.notes().at(-1)).toBe('worker:0 drain')
    expect(await undrain(only(roster))).toMatchObject({ ok: true })
    expect(made.notes().at(-1)).toMatch(/worker:0=up$/)
    expect(await drain(roster.list('balancer')[0] as Controller)).toMatchObject({ ok: false })
  })
})

describe('stopping', () => {
  test('out of rotation, idle, then SIGTERM, in this order', async () => {
    const { scene: made, roster } = setUp()
    await roster.scale('worker', 1)
    await roster.scale('balancer', 1)
    const before = made.notes().length
    expect(await stop(only(roster))).toMatchObject({ ok: true, state: 'STOPPED', pid: null })
    // The balancer may still be told of its own start.
    const notes = made
      .notes()
      .slice(before)
      .filter((note) => !note.endsWith('worker:0=up'))
    expect(notes[0]).toMatch(/^balancer:0 upstreams \d+ worker:0=draining$/)
    expect(notes.slice(1, 3)).toEqual(['worker:0 drain', 'worker:0 SIGTERM'])
  })

  test('a child that ignores SIGTERM is killed after stopTimeout', async () => {
    const { scene: made, roster } = setUp(['ignore-term'], { stopTimeout: 300 })
    await roster.scale('worker', 1)
    const pid = only(roster).info().pid as number
    const result = await stop(only(roster))
    expect(result).toMatchObject({ ok: true, state: 'STOPPED' })
    expect(result.ms).toBeGreaterThanOrEqual(250)
    expect(made.notes()).toContain('worker:0 SIGTERM')
    expect(only(roster).info().lastExit).toMatchObject({ signal: 'SIGKILL' })
    expect(isAlive(pid)).toBe(false)
  })

  test('stopAll ends balancers before workers and leaves no process', async () => {
    const { scene: made, roster } = setUp()
    await roster.scale('worker', 2)
    await roster.scale('balancer', 1)
    const pids = roster.list().map((controller) => controller.info().pid as number)
    await roster.stopAll()
    expect(pids.map(isAlive)).toEqual([false, false, false])
    const terms = made.notes().filter((note) => note.endsWith('SIGTERM'))
    expect(terms[0]).toBe('balancer:0 SIGTERM')
    expect(terms).toHaveLength(3)
  })

  test('a stopped worker stays stopped and can be started again', async () => {
    const { roster } = setUp()
    await roster.scale('worker', 1)
    await stop(only(roster))
    expect(only(roster).info()).toMatchObject({ want: 'down', reason: null })
    expect(await start(only(roster))).toMatchObject({ ok: true, state: 'RUNNING' })
  })
})

describe('restarting and scaling', () => {
  test('a restart gives a new process of the next generation', async () => {
    const { roster } = setUp()
    await roster.scale('worker', 1)
    const { pid } = only(roster).info()
    const generation = only(roster).generation()
    const result = await restart(only(roster))
    expect(result).toMatchObject({ ok: true, state: 'RUNNING' })
    expect(result.pid).not.toBe(pid)
    expect(only(roster).generation()).toBe(generation + 1)
  })

  test('rolling: never more than one worker is away', async () => {
    const { scene: made, roster } = setUp()
    await roster.scale('worker', 3)
    await roster.scale('balancer', 1)
    const before = made.notes().length
    const results = await rollingRestart(roster.list('worker'), never)
    expect(results.every((result) => result.ok)).toBe(true)
    const lists = made
      .notes()
      .slice(before)
      .filter((note) => note.includes('upstreams'))
    expect(lists.length).toBeGreaterThanOrEqual(6)
    for (const list of lists) expect(list.match(/=up/g)?.length ?? 0, list).toBeGreaterThanOrEqual(2)
  })

  test('rolling ends at the first failure and leaves the rest alone', async () => {
    const { roster } = setUp()
    await roster.scale('worker', 2)
    const [first, second] = roster.list('worker') as [Controller, Controller]
    const broken: Controller = { ...first, request: () => first.request('stop') }
    const pid = second.info().pid
    const results = await rollingRestart([broken, second], never)
    expect(results.map((result) => result.ok)).toEqual([false, false])
    expect(results[1]?.reason).toBe('not restarted, because worker:0 failed')
    expect(second.info()).toMatchObject({ pid, state: 'RUNNING' })
  })

  test('rolling restarts nothing once everything is being stopped', async () => {
    const { roster } = setUp()
    await roster.scale('worker', 1)
    const { pid } = only(roster).info()
    const [result] = await rollingRestart(roster.list('worker'), AbortSignal.abort())
    expect(result).toMatchObject({ ok: false, pid, reason: 'not restarted, because imgsvc is stopping' })
  })

  test('scale down drains and forgets the last ones', async () => {
    const { scene: made, roster } = setUp()
    await roster.scale('worker', 3)
    const results = await roster.scale('worker', 1)
    expect(results.map(({ id, state }) => [id, state])).toEqual([
      ['worker:1', 'STOPPED'],
      ['worker:2', 'STOPPED'],
    ])
    expect(roster.list('worker').map(({ id }) => id)).toEqual(['worker:0'])
    const { upstreams } = JSON.parse(readFileSync(made.paths.upstreams, 'utf8'))
    expect(upstreams).toMatchObject([{ id: 'worker:0', state: 'up' }])
  })

  test('selectors choose by role, index and port; unknown ones are named', async () => {
    const { roster } = setUp()
    await roster.scale('worker', 2)
    const ids = (...selectors: string[]) => roster.select(selectors).map(({ id }) => id)
    expect(ids()).toEqual(['worker:0', 'worker:1'])
    expect(ids('worker:8001', 'worker:1')).toEqual(['worker:1'])
    expect(() => ids('worker:7')).toThrow(expect.objectContaining({ code: 'PROCESS_UNKNOWN' }))
    expect(() => ids('nginx')).toThrow(expect.objectContaining({ code: 'SELECTOR_INVALID' }))
  })
})

import { createServer, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fixtureRoles, freePorts, isAlive, type Scene, scene } from '../../test/fixtures/processes.ts'
import type { Controller } from './controller.ts'
import { restartServing } from './rolling.ts'
import { createRoster, type Roster } from './roster.ts'

let made: Scene
let roster: Roster
let base: number
const servers: Server[] = []

beforeEach(async () => {
  base = ((await freePorts(1)) as [number])[0]
})
afterEach(async () => {
  await roster.stopAll(0)
  roster.close()
  await made.remove()
  for (const server of servers.splice(0)) server.close()
})

/** Workers and a balancer that notes every list of workers it is told. */
async function setUp(workers: number, args: readonly string[] = []): Promise<void> {
  made = scene(fixtureRoles(args), { basePort: base })
  roster = createRoster(made.options)
  await roster.scale('worker', workers)
  await roster.scale('balancer', 1)
}

const never = new AbortController().signal
const ids = () => roster.list('worker').map(({ id }) => id)
const pids = () => roster.list('worker').map((worker) => worker.info().pid as number)
const until = (check: () => unknown) => expect.poll(check, { timeout: 10_000, interval: 10 })
const lists = (from: number) =>
  made
    .notes()
    .slice(from)
    .filter((note) => note.includes(' upstreams '))
const up = (list: string) => list.match(/=up/g)?.length ?? 0
const crashing = { roles: fixtureRoles(['crash']) }

describe('a rolling restart of workers', () => {
  test.each([1, 3])('of %i never leaves fewer than before, and the additional one goes', async (count) => {
    await setUp(count)
    const [before, old] = [made.notes().length, pids()]
    const results = await restartServing(roster, roster.list('worker'), never)
    expect(results.map(({ id, ok }) => `${id} ${ok}`)).toEqual(ids().map((id) => `${id} true`))
    expect(ids()).toHaveLength(count)
    expect(old.some(isAlive)).toBe(false)
    expect(lists(before).length).toBeGreaterThan(count)
    for (const list of lists(before)) expect(up(list), list).toBeGreaterThanOrEqual(count)
  })

  test('every new process passes a self-test before it gets its first request', async () => {
    await setUp(1)
    const before = made.notes().length
    await restartServing(roster, roster.list('worker'), never)
    const story = made.notes().slice(before)
    const first = (part: string) => story.findIndex((note) => note.includes(part))
    expect(first('worker:1 selfTest')).toBeGreaterThanOrEqual(0)
    expect(first('worker:1 selfTest')).toBeLessThan(first('worker:1=up'))
    expect(first('worker:1=up')).toBeLessThan(first('worker:0 SIGTERM'))
    const again = story.findIndex((note, at) => at > first('worker:0 SIGTERM') && note.includes('worker:0=up'))
    expect(first('worker:0 selfTest')).toBeGreaterThan(first('worker:0 SIGTERM'))
    expect(first('worker:0 selfTest')).toBeLessThan(again)
    await until(() => lists(before).at(-1)).not.toContain('worker:1')
  })

  test('the additional worker shows as what it is, on the next free port', async () => {
    await setUp(1)
    const holder = createServer()
    servers.push(holder)
    await new Promise<void>((resolve) => holder.listen(base + 1, '127.0.0.1', resolve))
    const restarting = restartServing(roster, roster.list('worker'), never)
    await until(() => ids()).toEqual(['worker:0', 'worker:1'])
    const surge = roster.list('worker')[1] as Controller
    expect(surge.info()).toMatchObject({ surge: true, id: 'worker:1' })
    expect(surge.port).toBeGreaterThan(base + 1)
    expect(roster.count('worker')).toBe(1)
    expect(roster.list('worker')[0]?.info()).not.toHaveProperty('surge')
    expect((await restarting).every(({ ok }) => ok)).toBe(true)
  })
})

describe('a canary that fails', () => {
  test.each([
    ['does not start', crashing, /exited with code 1: Error: the fixture was told to crash$/],
    ['fails its self-test', { roles: fixtureRoles(['bad-test']) }, /The process failed its self-test: no picture$/],
  ])('because it %s goes, and nothing else was touched', async (_, rollout, reason) => {
    await setUp(2)
    const [before, old] = [made.notes().length, pids()]
    let accepted = false
    const accept = async () => {
      accepted = true
    }
    const results = await restartServing(roster, roster.list(), never, { ...rollout, accept })
    expect(results.map(({ id, ok }) => `${id} ${ok}`)).toEqual([
      'worker:2 false',
      'worker:0 false',
      'worker:1 false',
      'balancer:0 false',
    ])
    expect(results[0]?.reason).toMatch(/^the canary did not pass, nothing else was touched: /)
    expect(results[0]?.reason).toMatch(reason)
    expect(results[1]?.reason).toBe('not restarted, because the canary did not pass')
    expect(accepted).toBe(false)
    expect(pids()).toEqual(old)
    expect(ids()).toEqual(['worker:0', 'worker:1'])
    for (const list of lists(before)) expect(list).not.toContain('worker:2=up')
    expect(made.notes().slice(before)).not.toContain('worker:0 SIGTERM')
  })

  test('what is tried is not in force for a worker that is replaced meanwhile', async () => {
    await setUp(1)
    const [worker] = roster.list('worker') as [Controller]
    const rolling = restartServing(roster, [worker], never, { roles: fixtureRoles(['slow-start=500', 'bad-test']) })
    await until(() => ids()).toHaveLength(2)
    process.kill(worker.info().pid as number, 'SIGKILL')
    await until(() => worker.info()).toMatchObject({ state: 'RUNNING', restarts: 1 })
    await worker.client.call('selfTest', {})
    expect((await rolling)[0]?.ok).toBe(false)
  })

  test('when what it tried cannot become the rule, the surge goes and the error is thrown', async () => {
    await setUp(1)
    const old = pids()
    const accept = () => Promise.reject(new Error('no space left'))
    await expect(restartServing(roster, roster.list('worker'), never, { accept })).rejects.toThrow('no space left')
    expect([ids(), pids()]).toEqual([['worker:0'], old])
  })
})

describe('a failure after the canary', () => {
  test('halts: the surge serves in place of the one that failed, until that one is back', async () => {
    await setUp(3)
    const [, , last] = pids()
    const roles = fixtureRoles(['bad-test-at=1'])
    const accept = async () => roster.useRoles(roles)
    const results = await restartServing(roster, roster.list('worker'), never, { roles, accept })
    expect(results.map(({ ok }) => ok)).toEqual([true, false, false])
    expect(results[1]?.reason).toMatch(
      /self-test: no picture; taken out of rotation; worker:3 on port \d+ stays and serves in its place until it is back$/,
    )
    expect(results[2]?.reason).toBe('not restarted, because worker:1 failed')
    expect(pids()[2]).toBe(last)
    expect(ids()).toEqual(['worker:0', 'worker:1', 'worker:2', 'worker:3'])
    await until(() => up(lists(0).at(-1) as string)).toBe(3)
    const failed = roster.list('worker')[1] as Controller
    expect(failed.info()).toMatchObject({ state: 'RUNNING', draining: true })
    await failed.setDraining(false)
    await until(() => ids()).toEqual(['worker:0', 'worker:1', 'worker:2'])
    expect(up(lists(0).at(-1) as string)).toBe(3)
  })

  test('a stop of everything ends it, and no process is left', async () => {
    await setUp(2)
    const stopping = new AbortController()
    const restarting = restartServing(roster, roster.list('worker'), stopping.signal)
    await until(() => ids()).toHaveLength(3)
    const all = pids()
    stopping.abort()
    await roster.stopAll()
    const results = await restarting
    expect(results.every(({ ok }) => !ok)).toBe(true)
    expect(all.filter((pid) => pid && isAlive(pid))).toEqual([])
  })
})

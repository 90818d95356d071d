import { systemClock } from '@imgsvc/core/clock'
import type { ProcessId } from '@imgsvc/core/process'
import { afterEach, expect, test } from 'vitest'
import {
  fixtureRoles,
  isAlive,
  type OrphanOptions,
  type Scene,
  scene,
  startOrphan,
} from '../../test/fixtures/processes.ts'
import { drain, restart, stop } from './actions.ts'
import type { Controller } from './controller.ts'
import { createRoster, type Roster } from './roster.ts'
import { findSurvivors } from './survivors.ts'

let current: { scene: Scene; roster: Roster } | undefined
const orphans: (() => void)[] = []
afterEach(async () => {
  await current?.roster.stopAll(0)
  current?.roster.close()
  for (const kill of orphans.splice(0)) kill()
  await current?.scene.remove()
  current = undefined
})

type Orphans = Readonly<Partial<Record<ProcessId, OrphanOptions>>>

/** A roster in a place where children are at work already; `adopt` takes them over. */
async function setUp(left: Orphans, workers: Record<string, unknown> = {}) {
  const made = scene(fixtureRoles(), workers)
  const roster = createRoster(made.options)
  current = { scene: made, roster }
  const pids: number[] = []
  for (const [id, options] of Object.entries(left)) {
    const child = await startOrphan(made.paths, id as ProcessId, options)
    orphans.push(() => child.kill('SIGKILL'))
    pids.push(child.pid)
  }
  const adopt = async () => {
    roster.adopt(await findSurvivors({ paths: made.paths, roles: made.options.roles, clock: systemClock }))
  }
  return { scene: made, roster, pids, adopt }
}

const infos = (roster: Roster) => roster.list().map((controller) => controller.info())
const only = (roster: Roster) => roster.list('worker')[0] as Controller
const until = (check: () => unknown) => expect.poll(check, { timeout: 10_000, interval: 10 })

/** The test is their parent, so they stay zombies until it has noticed. */
const goneFrom = (pids: readonly number[], ...places: number[]) =>
  until(() => places.some((place) => isAlive(pids[place] as number))).toBe(false)

test('adopted children run at once, under their pids and with their uptime', async () => {
  const { roster, pids, adopt } = await setUp({ 'worker:0': {}, 'worker:1': { port: 8001 }, 'balancer:0': {} })
  const before = Date.now()
  await adopt()
  expect(infos(roster)).toMatchObject([
    { id: 'balancer:0', state: 'RUNNING', want: 'up', pid: pids[2], restarts: 0, lastExit: null },
    { id: 'worker:0', state: 'RUNNING', pid: pids[0], port: 8000 },
    { id: 'worker:1', state: 'RUNNING', pid: pids[1], port: 8001 },
  ])
  for (const { since } of infos(roster)) expect(since).toBeLessThanOrEqual(before)
  await until(() => only(roster).info().inFlight).toBe(2)
})

test('balancers hear of all adopted workers at once', async () => {
  const { scene: made, adopt } = await setUp({ 'worker:0': {}, 'worker:1': { port: 8001 }, 'balancer:0': {} })
  await adopt()
  await until(() => made.notes().length).toBeGreaterThan(0)
  for (const note of made.notes()) expect(note).toMatch(/^balancer:0 upstreams \d+ worker:0=up worker:1=up$/)
})

test('a killed adopted worker is replaced by one of the next generation', async () => {
  const { roster, pids, adopt } = await setUp({ 'worker:0': {} })
  await adopt()
  process.kill(pids[0] as number, 'SIGKILL')
  await until(() => only(roster).info()).toMatchObject({
    state: 'RUNNING',
    restarts: 1,
    lastExit: { code: null, signal: null },
  })
  expect(only(roster).info().pid).not.toBe(pids[0])
  expect(only(roster).generation()).toBe(5)
  expect(only(roster).life()?.isAdopted).toBe(false)
})

test('drain, restart and stop work on adopted workers as on others', async () => {
  const { scene: made, roster, pids, adopt } = await setUp({ 'worker:0': {}, 'worker:1': { port: 8001 } })
  await adopt()
  const [first, second] = roster.list('worker') as [Controller, Controller]
  expect(await drain(first)).toMatchObject({ ok: true, state: 'RUNNING', pid: pids[0] })
  expect(await restart(first)).toMatchObject({ ok: true, state: 'RUNNING' })
  expect(await stop(second)).toMatchObject({ ok: true, state: 'STOPPED', pid: null })
  await goneFrom(pids, 0, 1)
  const notes = made.notes().filter((note) => note.startsWith('worker:1'))
  expect(notes).toEqual(['worker:1 drain', 'worker:1 SIGTERM'])
})

test('an adopted worker that ignores SIGTERM is killed after stopTimeout', async () => {
  const { roster, pids, adopt } = await setUp({ 'worker:0': { args: ['ignore-term'] } }, { stopTimeout: 300 })
  await adopt()
  expect(await stop(only(roster))).toMatchObject({ ok: true, state: 'STOPPED' })
  await goneFrom(pids, 0)
})

test('one that hangs is ended and replaced', async () => {
  const { roster, pids, adopt } = await setUp({ 'worker:0': {} }, { startTimeout: 2000, stopTimeout: 300 })
  process.kill(pids[0] as number, 'SIGSTOP')
  await adopt()
  expect(only(roster).state()).toBe('running')
  await until(() => only(roster).state()).toBe('stopping')
  await until(() => only(roster).state()).toBe('running')
  await goneFrom(pids, 0)
  expect(only(roster).info()).toMatchObject({ want: 'up', restarts: 1 })
})

test('one that hangs and is stopped meanwhile stays stopped', async () => {
  const { roster, pids, adopt } = await setUp({ 'worker:0': {} }, { startTimeout: 300, stopTimeout: 1000 })
  process.kill(pids[0] as number, 'SIGSTOP')
  await adopt()
  // Its patience ends while it waits for SIGKILL.
  expect(await stop(only(roster))).toMatchObject({ ok: true, state: 'STOPPED' })
  expect(only(roster).info()).toMatchObject({ want: 'down', restarts: 0 })
})

test('one that is only slow to answer is left at work', async () => {
  const { roster, pids, adopt } = await setUp({ 'worker:0': {} })
  process.kill(pids[0] as number, 'SIGSTOP')
  await adopt()
  process.kill(pids[0] as number, 'SIGCONT')
  await until(() => only(roster).life()?.hasServed()).toBe(true)
  expect(only(roster).info()).toMatchObject({ state: 'RUNNING', pid: pids[0] })
})

test('one that was out of rotation is put back', async () => {
  const { roster, pids, adopt } = await setUp({ 'worker:0': { args: ['drained'] } })
  await adopt()
  expect(only(roster).state()).toBe('starting')
  await until(() => only(roster).info()).toMatchObject({ state: 'RUNNING', pid: pids[0], draining: false })
})

test('scale stops adopted workers that are too many and fills the places nobody was found for', async () => {
  const { roster, pids, adopt } = await setUp({ 'worker:1': { port: 8001 }, 'worker:3': { port: 8003 } })
  await adopt()
  const results = await roster.scale('worker', 2)
  expect(results.map(({ id, ok, state }) => [id, ok, state])).toEqual([
    ['worker:0', true, 'RUNNING'],
    ['worker:2', true, 'STOPPED'],
    ['worker:3', true, 'STOPPED'],
  ])
  expect(roster.list('worker').map(({ id, info }) => `${id} ${info().state}`)).toEqual([
    'worker:0 RUNNING',
    'worker:1 RUNNING',
  ])
  await goneFrom(pids, 1)
  expect(isAlive(pids[0] as number)).toBe(true)
})

import { type ChildProcess, spawn } from 'node:child_process'
import type { UpstreamEntry } from '@imgsvc/core/child-control'
import type { Crash } from '@imgsvc/core/crash'
import { afterEach, describe, expect, test } from 'vitest'
import { fixtureRoles, type Scene, scene } from '../../test/fixtures/processes.ts'
import type { Controller } from './controller.ts'
import { createRoster, type Roster } from './roster.ts'

let current: { scene: Scene; roster: Roster } | undefined
const busy: ChildProcess[] = []
afterEach(async () => {
  for (const child of busy.splice(0)) child.kill('SIGKILL')
  await current?.roster.stopAll(0)
  current?.roster.close()
  await current?.scene.remove()
  current = undefined
})

function setUp(workers: Record<string, unknown> = {}) {
  const made = scene(fixtureRoles(), workers)
  const crashes: Crash[] = []
  const roster = createRoster({ ...made.options, crashed: (crash) => crashes.push(crash) })
  current = { scene: made, roster }
  return { scene: made, roster, crashes }
}

const workerOf = (roster: Roster, index: number) => roster.list('worker')[index] as Controller
const pidOf = (worker: Controller) => worker.info().pid as number
const stateOf = (worker: Controller): UpstreamEntry['state'] => worker.upstream().state
const until = (check: () => unknown) => expect.poll(check, { timeout: 15_000, interval: 10 })

describe('a worker that is stopped', () => {
  test('is out of rotation within a second, and back when it goes on', async () => {
    const { scene: made, roster, crashes } = setUp({ hangTimeout: '1m' })
    await roster.scale('worker', 2)
    await roster.scale('balancer', 1)
    const worker = workerOf(roster, 0)
    await until(() => worker.info().rss).toBeGreaterThan(0)
    const stoppedAt = performance.now()
    process.kill(pidOf(worker), 'SIGSTOP')
    await until(() => stateOf(worker)).toBe('down')
    expect(performance.now() - stoppedAt).toBeLessThan(1000)
    await until(() => made.notes().at(-1)).toMatch(/worker:0=down worker:1=up$/)
    expect(worker.info()).toMatchObject({ state: 'RUNNING' })
    expect(worker.info().reason).toMatch(/^has not answered for \d+\.\d s \(it is stopped\)$/)
    process.kill(pidOf(worker), 'SIGCONT')
    await until(() => made.notes().at(-1)).toMatch(/worker:0=up worker:1=up$/)
    expect(worker.info().reason).toBeNull()
    expect(crashes).toEqual([])
  })

  test('is killed after hangTimeout and replaced, and the crash says why', async () => {
    const { roster, crashes } = setUp({ hangTimeout: '1500ms' })
    await roster.scale('worker', 1)
    const worker = workerOf(roster, 0)
    const pid = pidOf(worker)
    await until(() => worker.info().rss).toBeGreaterThan(0)
    process.kill(pid, 'SIGSTOP')
    await until(() => worker.info()).toMatchObject({ state: 'RUNNING', restarts: 1, lastExit: { signal: 'SIGKILL' } })
    expect(pidOf(worker)).not.toBe(pid)
    expect(crashes).toHaveLength(1)
    expect(crashes[0]).toMatchObject({ process: 'worker:0', pid, generation: 1, reason: 'hang', signal: 'SIGKILL' })
    expect(crashes[0]?.message).toMatch(/^has not answered for 1\.\d s \(it is stopped\): killed$/)
    expect(crashes[0]?.rss).toBeGreaterThan(0)
  })

  test('stays in rotation when there is no other one', async () => {
    const { scene: made, roster } = setUp({ hangTimeout: '1m' })
    await roster.scale('worker', 1)
    await roster.scale('balancer', 1)
    const worker = workerOf(roster, 0)
    process.kill(pidOf(worker), 'SIGSTOP')
    await until(() => worker.isLost()).toBe(true)
    expect(made.notes().at(-1)).toMatch(/worker:0=up$/)
  })

  test('stays alive with hangTimeout 0', async () => {
    const { roster, crashes } = setUp({ hangTimeout: 0 })
    await roster.scale('worker', 1)
    const worker = workerOf(roster, 0)
    process.kill(pidOf(worker), 'SIGSTOP')
    await until(() => worker.info().reason).toMatch(/^has not answered for [23]/)
    expect(crashes).toEqual([])
    expect(worker.info().restarts).toBe(0)
  })
})

test('a starved machine kills nobody', async () => {
  const { roster, crashes } = setUp({ hangTimeout: '1s' })
  await roster.scale('worker', 2)
  const workers = roster.list('worker')
  const pids = workers.map(pidOf)
  for (let n = 0; n < 4; n++) busy.push(spawn(process.execPath, ['-e', 'for (;;) Math.random()'], { stdio: 'ignore' }))
  // The children are given less than the loops: what a busy neighbour does to them.
  const end = performance.now() + 8000
  await until(() => performance.now() > end).toBe(true)
  expect(workers.map(pidOf)).toEqual(pids)
  expect(crashes).toEqual([])
}, 30_000)

test('a supervisor that was stopped itself takes nobody for hung', async () => {
  const { roster, crashes } = setUp({ hangTimeout: '1s' })
  await roster.scale('worker', 2)
  const workers = roster.list('worker')
  await until(() => workers.every((worker) => worker.info().rss !== null)).toBe(true)
  // The loop of this process is the supervisor's.
  const end = performance.now() + 3000
  while (performance.now() < end);
  await until(() => workers.every((worker) => !worker.isLost())).toBe(true)
  const lost: string[] = []
  const quiet = performance.now() + 600
  await until(() => {
    lost.push(...workers.filter((worker) => worker.isLost()).map(({ id }) => id))
    return performance.now() > quiet
  }).toBe(true)
  expect(lost).toEqual([])
  expect(crashes).toEqual([])
})

import { readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { Crash } from '@imgsvc/core/crash'
import { afterEach, describe, expect, test } from 'vitest'
import { fixtureRoles, freePorts, isAlive, type Scene, scene } from '../../test/fixtures/processes.ts'
import type { Controller } from './controller.ts'
import type { Roles } from './roles.ts'
import { createRoster, type Roster } from './roster.ts'

let current: { scene: Scene; roster: Roster } | undefined
afterEach(async () => {
  await current?.roster.stopAll(0)
  current?.roster.close()
  await current?.scene.remove()
  current = undefined
})

function setUp(
  worker: readonly string[] = [],
  workers: Record<string, unknown> = {},
  over: Partial<Roles['worker']> = {},
) {
  const { restart: _, ...program } = fixtureRoles(worker).worker
  const made = scene({ ...fixtureRoles(), worker: { ...program, ...over } }, workers)
  const crashes: Crash[] = []
  const roster = createRoster({ ...made.options, crashed: (crash) => crashes.push(crash) })
  current = { scene: made, roster }
  return { scene: made, roster, crashes }
}

const only = (roster: Roster) => roster.list('worker')[0] as Controller
const pidOf = (worker: Controller) => worker.info().pid as number
const until = (check: () => unknown) => expect.poll(check, { timeout: 15_000, interval: 10 })

describe('a process that ends again and again', () => {
  test('is FATAL after crashLimit ends within crashWindow, with its own words', async () => {
    const { roster, crashes } = setUp(['crash-later=500'], { crashLimit: 3, stableAfter: '20ms' })
    await roster.scale('worker', 1)
    await until(() => only(roster).state()).toBe('fatal')
    expect(only(roster).info()).toMatchObject({ state: 'FATAL', want: 'up', pid: null })
    expect(only(roster).info().reason).toBe('ended 3 times within 60 s; the last time it exited with code 3')
    // On a slow machine one may also have ended before it was seen to be ready: that is no crash of a running one.
    const ended = crashes.filter(({ reason }) => reason === 'crash')
    expect(ended.map(({ code, process: id }) => [id, code])).toEqual([
      ['worker:0', 3],
      ['worker:0', 3],
      ['worker:0', 3],
    ])
  })

  test('is tried again while another one of its role runs', async () => {
    const { scene: made, roster } = setUp([], { startRetries: 0, fatalRetry: '200ms' })
    await roster.scale('worker', 2)
    const worker = only(roster)
    const config = made.options.config()
    // One more end makes it FATAL, as its budget is one.
    Object.assign(config.workers, { crashLimit: 1 })
    process.kill(pidOf(worker), 'SIGKILL')
    await until(() => worker.state()).toBe('fatal')
    await until(() => worker.state()).toBe('running')
  })
})

describe('autoRestart', () => {
  test.each([
    { autoRestart: false, code: 3, state: 'exited' },
    { autoRestart: 'unexpected', code: 4, exitCodes: [0, 4], state: 'exited' },
    { autoRestart: 'unexpected', code: 3, exitCodes: [0, 4], state: 'backoff' },
    { autoRestart: true, code: 0, state: 'backoff' },
  ])('$autoRestart: after exit code $code it is $state', async ({ code, state, ...workers }) => {
    const { roster } = setUp([`crash-later=50`, `exit-code=${code}`], workers)
    await roster.scale('worker', 1)
    await until(() => only(roster).state()).toBe(state)
  })
})

test('with startSeconds it is RUNNING only when it has stayed up that long', async () => {
  const { roster } = setUp([], { startSeconds: '700ms' })
  const [result] = await roster.scale('worker', 1)
  expect(result).toMatchObject({ ok: true, state: 'RUNNING' })
  expect(result?.ms).toBeGreaterThanOrEqual(690)
})

test('one that ends before startSeconds has failed to start', async () => {
  const { roster } = setUp(['crash-later=100'], { startSeconds: '20s', startRetries: 0 })
  const [failed] = await roster.scale('worker', 1)
  expect(failed).toMatchObject({ ok: false, state: 'FATAL' })
})

test('a crash at start is recorded with its last words', async () => {
  const { roster, crashes } = setUp(['crash'], { startRetries: 0 })
  await roster.scale('worker', 1)
  expect(crashes).toHaveLength(1)
  expect(crashes[0]).toMatchObject({ reason: 'start', code: 1, message: expect.stringContaining('told to crash') })
  expect(crashes[0]?.stderr.join('\n')).toContain('Error: the fixture was told to crash')
})

test('what a killed worker had started is killed too', async () => {
  const { scene: made, roster } = setUp(['grandchild'])
  await roster.scale('worker', 1)
  await until(() => made.notes()).toHaveLength(1)
  const grandchild = Number(made.notes()[0]?.split(' ').at(-1))
  expect(isAlive(grandchild)).toBe(true)
  process.kill(pidOf(only(roster)), 'SIGKILL')
  await until(() => {
    const stat = isAlive(grandchild) ? readFileSync(`/proc/${grandchild}/stat`, 'utf8') : ') Z'
    return stat.slice(stat.lastIndexOf(')') + 2)[0]
  }).toBe('Z')
  expect(only(roster).info().state).not.toBe('STOPPED')
})

describe('launch settings, seen by the kernel', () => {
  test('nice, oomScoreAdj, rlimits, umask and environment are those of the running child', async () => {
    const { scene: made, roster } = setUp([], {
      nice: 5,
      oomScoreAdj: 777,
      rlimits: { nofile: 2048, core: 0 },
      umask: '027',
      environment: ['MALLOC_ARENA_MAX=2', 'A=b=c'],
    })
    await roster.scale('worker', 1)
    const pid = pidOf(only(roster))
    const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8')
    const niceOf = (stat: string) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
    await until(() => niceOf(read('stat'))).toBe(5)
    await until(() => read('oom_score_adj').trim()).toBe('777')
    await until(() => /Max open files\s+(\d+)\s+(\d+)/.exec(read('limits'))?.slice(1)).toEqual(['2048', '2048'])
    expect(read('limits')).toMatch(/Max core file size\s+0\s+0/)
    expect(read('status')).toMatch(/Umask:\s+0027/)
    expect(read('environ').split('\0')).toEqual(expect.arrayContaining(['MALLOC_ARENA_MAX=2', 'A=b=c']))
    expect(statSync(join(made.paths.run, 'worker-0.json')).mode & 0o027).toBe(0)
    expect(process.umask()).not.toBe(0o027)
  })

  test('by default a worker goes before the supervisor when memory runs out', async () => {
    const { roster } = setUp()
    await roster.scale('worker', 1)
    await until(() => readFileSync(`/proc/${pidOf(only(roster))}/oom_score_adj`, 'utf8').trim()).toBe('300')
  })
})

describe('a worker with a port to be looked at', () => {
  test('runs when its own process answers there', async () => {
    const [basePort] = (await freePorts(1)) as [number]
    const { roster } = setUp(['listen'], { basePort }, { probe: '/readyz' })
    const [result] = await roster.scale('worker', 1)
    expect(result).toMatchObject({ ok: true, state: 'RUNNING' })
  })

  test('does not run on its word alone, when a stranger answers on its port', async () => {
    const stranger = createServer((_, response) => response.end('WORKING'))
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
    const address = stranger.address()
    const basePort = typeof address === 'object' && address ? address.port : 0
    const workers = { basePort, startTimeout: '700ms', startRetries: 0 }
    const { roster } = setUp([], workers, { probe: '/readyz' })
    const [result] = await roster.scale('worker', 1)
    stranger.close()
    expect(result).toMatchObject({ ok: false, state: 'FATAL', reason: 'was not ready within 0.7 s' })
  })

  test('does not run when its port answers that it is not ready: a time-out is no success', async () => {
    const [basePort] = (await freePorts(1)) as [number]
    const workers = { basePort, startTimeout: '700ms', startRetries: 0 }
    const { roster, crashes } = setUp(['listen', 'answers=503'], workers, { probe: '/readyz' })
    const [result] = await roster.scale('worker', 1)
    expect(result).toMatchObject({ ok: false, state: 'FATAL' })
    expect(crashes).toMatchObject([{ reason: 'start', message: 'was not ready within 0.7 s' }])
  })
})

import type { Clock } from '@imgsvc/core/clock'
import type { Crash } from '@imgsvc/core/crash'
import type { Logger } from '@imgsvc/core/log'
import { afterEach, describe, expect, test } from 'vitest'
import { fixtureRoles, type Scene, scene } from '../../test/fixtures/processes.ts'
import { restart } from './actions.ts'
import type { Controller } from './controller.ts'
import { createRecycler } from './recycler.ts'
import { createRoster, type Roster } from './roster.ts'

const MB = 1024 ** 2
const NONE = { maxMemory: 0, maxAge: 0, maxRequests: 0 }
const silent = { warn() {}, error() {} } as unknown as Logger

/** A worker as the recycler sees it, with figures that can be set. */
function createWorker() {
  const figures = { rss: 100 * MB, heap: 50 * MB, served: 0, generation: 1, state: 'running', killed: [] as string[] }
  const life = { pid: 7, since: 0, vitals: () => figures }
  const worker = {
    id: 'worker:0',
    drains: true,
    isSurge: false,
    state: () => figures.state,
    generation: () => figures.generation,
    life: () => life,
    kill: (_: string, message: string) => figures.killed.push(message),
  } as unknown as Controller
  return { figures, worker }
}

function setUp(settings: Partial<typeof NONE>, random = 0.5) {
  let now = 0
  const clock = { now: () => now, monotonic: () => now } as Clock
  const replaced: { worker: Controller; isStillDue: () => boolean; done: () => void }[] = []
  const crashes: Crash[] = []
  const recycler = createRecycler({
    clock,
    log: silent,
    random: () => random,
    settings: () => ({ ...NONE, ...settings }),
    replace: (worker, isStillDue) =>
      new Promise((resolve) => replaced.push({ worker, isStillDue, done: () => resolve() })),
    crashed: (crash) => crashes.push(crash),
  })
  const made = createWorker()
  return {
    ...made,
    replaced,
    crashes,
    /** Beats every 250 ms. */
    pass(ms: number, change: (figures: typeof made.figures) => void = () => {}) {
      for (const end = now + ms; now < end; ) {
        now += 250
        change(made.figures)
        recycler.beat(made.worker)
      }
    },
  }
}

describe('age and requests', () => {
  test('a worker is replaced once when it is old enough', () => {
    const { replaced, pass } = setUp({ maxAge: 60_000 })
    pass(59_000)
    expect(replaced).toHaveLength(0)
    pass(10_000)
    expect(replaced).toHaveLength(1)
  })

  test('workers that were started together are due up to a tenth sooner or later', () => {
    const early = setUp({ maxAge: 60_000 }, 0)
    early.pass(54_500)
    expect(early.replaced).toHaveLength(1)
    const late = setUp({ maxAge: 60_000 }, 1)
    late.pass(65_500)
    expect(late.replaced).toHaveLength(0)
    late.pass(1000)
    expect(late.replaced).toHaveLength(1)
  })

  test('a worker is replaced when it has done its work, and a new child begins anew', async () => {
    const { replaced, pass, figures } = setUp({ maxRequests: 1000 })
    figures.served = 999
    pass(1000)
    expect(replaced).toHaveLength(0)
    figures.served = 1000
    pass(1000)
    expect(replaced).toHaveLength(1)
    expect(replaced[0]?.isStillDue()).toBe(true)
    figures.generation = 2
    figures.served = 0
    // It crashed while it waited for its turn: nothing is left to do.
    expect(replaced[0]?.isStillDue()).toBe(false)
    pass(1000)
    expect(replaced).toHaveLength(1)
  })

  test('one that could not be replaced is due again', async () => {
    const { replaced, pass } = setUp({ maxAge: 1000 })
    pass(2000)
    replaced[0]?.done()
    await new Promise((resolve) => setImmediate(resolve))
    pass(500)
    expect(replaced).toHaveLength(2)
  })

  test('one that is not running is left alone', () => {
    const { replaced, pass, figures } = setUp({ maxAge: 1000 })
    figures.state = 'stopping'
    pass(5000)
    expect(replaced).toHaveLength(0)
  })
})

describe('memory', () => {
  test('a leak is replaced before the cap and recorded', () => {
    const { replaced, crashes, pass, figures } = setUp({ maxMemory: 400 * MB })
    pass(30_000)
    expect(replaced).toHaveLength(0)
    pass(4000, (now) => {
      now.rss += 12.5 * MB
    })
    expect(figures.rss).toBeLessThan(400 * MB)
    expect(replaced).toHaveLength(1)
    expect(crashes).toMatchObject([{ process: 'worker:0', pid: 7, reason: 'memory', signal: null }])
    expect(crashes[0]?.message).toMatch(
      /^it comes near its memory cap \(\d+ MB, cap 400 MB, growing \d+ MB\/s\): replaced$/,
    )
    expect(figures.killed).toEqual([])
  })

  test('one that outgrows its cap while its turn does not come is killed', () => {
    const { pass, figures } = setUp({ maxMemory: 400 * MB })
    pass(20_000, (now) => {
      if (now.killed.length === 0) now.rss += 12.5 * MB
    })
    expect(figures.killed).toHaveLength(1)
    expect(figures.killed[0]).toMatch(/^grew far over its memory cap \(5\d\d MB/)
  })
})

let current: { scene: Scene; roster: Roster } | undefined
afterEach(async () => {
  await current?.roster.stopAll(0)
  current?.roster.close()
  await current?.scene.remove()
  current = undefined
})

test('a cap below what a worker begins with replaces it every half a minute, not without end', () => {
  const { replaced, pass, figures } = setUp({ maxMemory: 400 * MB })
  figures.rss = 600 * MB
  pass(29_000)
  expect(replaced).toHaveLength(0)
  expect(figures.killed).toEqual([])
  pass(2000)
  expect(figures.killed).toHaveLength(1)
})

test('a real worker that has answered enough requests is restarted', async () => {
  const made = scene(fixtureRoles(['served=1000']))
  const crashes: Crash[] = []
  const recycler = createRecycler({
    clock: made.options.clock,
    log: made.options.log,
    random: () => 0.5,
    settings: () => ({ ...NONE, maxRequests: 1000 }),
    replace: async (worker, isStillDue) => {
      if (isStillDue() && worker.generation() === 1) await restart(worker)
    },
    crashed: (crash) => crashes.push(crash),
  })
  const roster = createRoster({ ...made.options, beat: recycler.beat })
  current = { scene: made, roster }
  await roster.scale('worker', 1)
  const worker = roster.list('worker')[0] as Controller
  await expect.poll(() => worker.info(), { timeout: 15_000 }).toMatchObject({ restarts: 1, state: 'RUNNING' })
  expect(crashes).toEqual([])
})

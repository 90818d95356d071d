import type { UpstreamEntry } from '@imgsvc/core/child-control'
import type { Clock } from '@imgsvc/core/clock'
import { expect, test } from 'vitest'
import { entry } from '../../test/harness.ts'
import { createRoundRobin } from './policies/round-robin.ts'
import { createPool } from './pool.ts'
import type { Upstream } from './upstream.ts'

/** Time that passes only when told to. */
function createFakeClock(): Clock & { pass(ms: number): void } {
  let now = 0
  let timers: { at: number; run: () => void }[] = []
  return {
    now: () => now,
    monotonic: () => now,
    timer(ms, run) {
      const timer = { at: now + ms, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    pass(ms) {
      now += ms
      const due = timers.filter(({ at }) => at <= now)
      timers = timers.filter(({ at }) => at > now)
      for (const { run } of due) run()
    },
  }
}

function setUp(options: { maxInFlight?: number; maxWaiting?: number } = {}) {
  const clock = createFakeClock()
  const retired: Upstream[] = []
  const pool = createPool({
    clock,
    policy: createRoundRobin(),
    maxInFlight: 10,
    maxWaiting: 10,
    onRetired: (upstream) => retired.push(upstream),
    ...options,
  })
  let version = 0
  const announce = (...upstreams: UpstreamEntry[]) => pool.replace({ version: ++version, upstreams })
  const order = () => [...pool.candidates('')].map(({ id }) => Number(id.slice(7)))
  const one = (index: number) => pool.list()[index] as Upstream
  return { clock, pool, retired, announce, order, one }
}
const never = new AbortController().signal

test('only workers that are up are candidates', () => {
  const { announce, order, pool } = setUp()
  expect(pool.anyUp()).toBe(false)
  announce(entry(0, 1), entry(1, 2, { state: 'draining' }), entry(2, 3, { state: 'down' }))
  expect(order()).toEqual([0])
  expect(pool.anyUp()).toBe(true)
})

test('an older or repeated list is ignored', () => {
  const { pool, announce, order } = setUp()
  announce(entry(0, 1))
  announce(entry(0, 1), entry(1, 2))
  expect(pool.replace({ version: 2, upstreams: [] })).toBe(false)
  expect(pool.replace({ version: 1, upstreams: [] })).toBe(false)
  expect(order()).toHaveLength(2)
})

test('a running worker keeps its state through a new list, a restarted one starts afresh', () => {
  const { pool, announce, one, retired } = setUp()
  announce(entry(0, 1), entry(1, 2))
  const [kept, old] = [one(0), one(1)]
  pool.acquire(kept)
  announce(entry(0, 1, { state: 'draining' }), entry(1, 2, { generation: 2 }))
  expect(one(0)).toBe(kept)
  expect(kept).toMatchObject({ inFlight: 1, state: 'draining' })
  expect(one(1)).not.toBe(old)
  expect(retired).toEqual([old])
})

test('a worker that failed comes last, for a time that grows and is forgiven by an answer', () => {
  const { pool, announce, order, one, clock } = setUp()
  announce(entry(0, 1), entry(1, 2))
  const skipped = () => {
    let ms = 0
    while (one(0).skipUntil > clock.monotonic()) {
      expect(order().at(-1)).toBe(0)
      clock.pass(50)
      ms += 50
    }
    return ms
  }
  const pauses = [1, 2, 3, 4, 5, 6, 7].map(() => {
    pool.failed(one(0))
    return skipped()
  })
  expect(pauses).toEqual([100, 200, 400, 800, 1600, 2000, 2000])
  pool.succeeded(one(0))
  pool.failed(one(0))
  expect(skipped()).toBe(100)
})

test('when all have failed they are used all the same', () => {
  const { pool, announce, order, one } = setUp()
  announce(entry(0, 1), entry(1, 2))
  pool.failed(one(1))
  pool.failed(one(0))
  expect(order().sort()).toEqual([0, 1])
})

test('a worker that is full is no candidate until a request is over, which wakes one that waits', async () => {
  const { pool, announce, order, one } = setUp({ maxInFlight: 1 })
  announce(entry(0, 1))
  const release = pool.acquire(one(0))
  expect(order()).toEqual([])
  const waiting = pool.wait(1000, never)
  release()
  release()
  expect(await waiting).toBe(true)
  expect(one(0).inFlight).toBe(0)
  expect(order()).toEqual([0])
})

test('a new list wakes all that wait; time that passes ends a wait', async () => {
  const { pool, announce, clock } = setUp()
  const both = [pool.wait(1000, never), pool.wait(1000, never)]
  announce(entry(0, 1))
  expect(await Promise.all(both)).toEqual([true, true])
  const late = pool.wait(1000, never)
  clock.pass(1000)
  expect(await late).toBe(false)
})

test('a wait ends when a skipped worker is worth another try', async () => {
  const { pool, announce, clock, one } = setUp()
  announce(entry(0, 1))
  pool.failed(one(0))
  const waiting = pool.wait(2000, never)
  clock.pass(100)
  expect(await waiting).toBe(true)
})

test('the line is bounded, and who leaves it makes room', async () => {
  const { pool } = setUp({ maxWaiting: 2 })
  const leaving = new AbortController()
  const waits = [pool.wait(1000, leaving.signal), pool.wait(1000, leaving.signal)]
  expect(await pool.wait(1000, never)).toBe(false)
  leaving.abort(new Error('gone'))
  for (const wait of waits) await expect(wait).rejects.toThrow('gone')
  const after = pool.wait(1000, leaving.signal)
  await expect(after).rejects.toThrow('gone')
})

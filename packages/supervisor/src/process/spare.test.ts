import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '@imgsvc/core/clock'
import type { Logger } from '@imgsvc/core/log'
import type { Exit } from '@imgsvc/core/process'
import type { SpareOrder, SpareWord } from '@imgsvc/core/spare'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ChildProgram, StartCause } from './child.ts'
import { createSpare } from './spare.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sp-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const silent = { debug() {}, warn() {}, error() {} } as unknown as Logger
const LOADED: SpareWord = { spare: 'waiting', rss: 5 }
const KILLED: Exit = { code: null, signal: 'SIGKILL', at: 0 }

function createFakeClock(): Clock & { pass(ms: number): void } {
  let now = 0
  let timers: { readonly at: number; readonly run: () => void }[] = []
  const clock = {
    now: () => now,
    monotonic: () => now,
    timer(ms: number, run: () => void) {
      const timer = { at: now + ms, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    pass(ms: number) {
      for (const end = now + ms; now < end; ) {
        now = Math.min(end, now + 100)
        const due = timers.filter(({ at }) => at <= now)
        timers = timers.filter(({ at }) => at > now)
        for (const { run } of due) run()
      }
    },
  }
  return clock
}

/** A spare over processes that are made up; none of these pids can exist. */
function setUp() {
  const clock = createFakeClock()
  const state = { program: undefined as ChildProgram | undefined, isCalm: true, forked: 0 }
  const waiting: {
    pid: number
    orders: SpareOrder[]
    signals: string[]
    say: (word: SpareWord) => void
    exit: () => void
  }[] = []
  const asked: string[] = []
  const worker = (id: string, cause: StartCause = 'crashed', env = {}): ChildProgram => ({
    ...{ entry: '/worker.js', args: [], cause, stderrFile: join(dir, `${id}.stderr.log`) },
    env: { UV_THREADPOOL_SIZE: '4', ...env, IMGSVC_CHILD_ID: id },
  })
  state.program = { ...worker('spare', 'asked'), stderrFile: join(dir, 'spare.stderr.log') }
  const spare = createSpare({
    ...{ clock, log: silent, startTimeout: () => 30_000, isCalm: () => state.isCalm, program: () => state.program },
    asked: (result) => asked.push(result),
    spawn() {
      state.forked++
      return { pid: 1, kill() {}, letGo() {} }
    },
    spawnWaiting({ stderrFile }, onExit, onWord) {
      writeFileSync(stderrFile, '')
      const one = {
        pid: 2 ** 30 + waiting.length,
        orders: [] as SpareOrder[],
        signals: [] as string[],
        say: onWord,
        exit: () => onExit(KILLED),
      }
      waiting.push(one)
      return {
        pid: one.pid,
        letGo() {},
        say: (order) => void one.orders.push(order),
        kill(signal) {
          one.signals.push(signal)
          onExit(KILLED)
        },
      }
    },
  })
  return { clock, state, waiting, asked, worker, spare }
}

/** With a spare that waits. */
function setUpWaiting() {
  const all = setUp()
  all.clock.pass(2000)
  all.waiting[0]?.say(LOADED)
  expect(all.spare.info()).toEqual({ state: 'waiting', pid: 2 ** 30, rss: 5 })
  return all
}

describe('a spare', () => {
  test('is started when all has been calm for a second, and only one', () => {
    const { clock, state, waiting, spare } = setUp()
    state.isCalm = false
    clock.pass(10_000)
    expect(spare.info()).toBeUndefined()
    state.isCalm = true
    clock.pass(1000)
    expect(waiting).toHaveLength(0)
    clock.pass(20_000)
    expect(waiting).toHaveLength(1)
    expect(spare.info()).toMatchObject({ state: 'starting', rss: null })
  })

  test('takes the place of a crashed worker, with its id and its exit, and another one is started', () => {
    const { clock, state, waiting, asked, worker, spare } = setUpWaiting()
    const exits: Exit[] = []
    const program = worker('worker:1')
    const child = spare.spawn(program, (exit) => exits.push(exit))
    expect(child.pid).toBe(2 ** 30)
    expect(waiting[0]?.orders.at(-1)).toEqual({ spare: 'become', env: program.env })
    expect([asked, state.forked]).toEqual([['used'], 0])
    waiting[0]?.say({ spare: 'became' })
    clock.pass(5000)
    expect(waiting).toHaveLength(2)
    expect(waiting[0]?.signals).toEqual([])
    waiting[0]?.exit()
    expect(exits).toEqual([KILLED])
  })

  test('that does not answer the call is killed, which is its end as the worker', () => {
    const { clock, worker, spare } = setUpWaiting()
    const exits: Exit[] = []
    spare.spawn(worker('worker:1'), (exit) => exits.push(exit))
    clock.pass(2000)
    expect(exits).toEqual([KILLED])
  })

  test('is not there for a second crash, nor while it loads', () => {
    const { state, asked, worker, spare, clock } = setUp()
    clock.pass(2000)
    spare.spawn(worker('worker:0'), () => {})
    expect([asked, state.forked]).toEqual([['none'], 1])
  })

  test.each(['asked', 'retry'] as const)('does not take the place of a worker that is started because: %s', (cause) => {
    const { state, asked, waiting, worker, spare } = setUpWaiting()
    spare.spawn(worker('worker:0', cause), () => {})
    expect([asked, state.forked]).toEqual([[], 1])
    // Who asks for a start may have brought new code; a try that is repeated brings nothing.
    expect(waiting[0]?.signals).toEqual(cause === 'asked' ? ['SIGKILL'] : [])
  })

  test('that was started with other settings is replaced, and not used meanwhile', () => {
    const { clock, state, waiting, asked, worker, spare } = setUpWaiting()
    const changed = { UV_THREADPOOL_SIZE: '8' }
    spare.spawn(worker('worker:0', 'crashed', changed), () => {})
    expect(asked).toEqual(['none'])
    state.program = { ...worker('spare', 'asked', changed), stderrFile: join(dir, 'spare.stderr.log') }
    clock.pass(3000)
    expect(waiting.map(({ signals }) => signals)).toEqual([['SIGKILL'], []])
  })

  test('goes when it is not wanted any more', () => {
    const { clock, state, waiting, spare } = setUpWaiting()
    state.program = undefined
    clock.pass(20_000)
    expect(spare.info()).toBeUndefined()
    expect(waiting).toHaveLength(1)
  })

  test('that dies is tried again after pauses that grow', () => {
    const { clock, waiting } = setUp()
    const startedAt: number[] = []
    for (let passed = 0; passed < 60_000; passed += 100) {
      clock.pass(100)
      if (waiting.length === startedAt.length) continue
      startedAt.push(clock.now())
      waiting.at(-1)?.exit()
    }
    expect(startedAt.slice(1).map((at, n) => Math.round((at - (startedAt[n] as number)) / 1000))).toEqual([
      1, 2, 4, 8, 16,
    ])
  })

  test('that is not loaded in time, or falls silent, is killed', () => {
    const slow = setUp()
    slow.clock.pass(33_000)
    expect(slow.waiting[0]?.signals).toEqual(['SIGKILL'])

    const hung = setUpWaiting()
    for (let n = 0; n < 20; n++) {
      hung.clock.pass(1000)
      hung.waiting[0]?.say(LOADED)
    }
    expect(hung.waiting[0]?.signals).toEqual([])
    hung.clock.pass(6000)
    expect(hung.waiting[0]?.signals).toEqual(['SIGKILL'])
  })

  test('is gone when it was closed, and none follows', async () => {
    const { clock, waiting, spare } = setUpWaiting()
    await spare.close()
    clock.pass(60_000)
    expect(waiting.map(({ signals }) => signals)).toEqual([['SIGKILL']])
  })
})

describe('the raw output of a spare', () => {
  test('becomes that of the worker, behind what the dead one left there', () => {
    const { worker, spare } = setUpWaiting()
    const program = worker('worker-1')
    // The first part has been rotated: a hole.
    writeFileSync(program.stderrFile, Buffer.concat([Buffer.alloc(5000), Buffer.from('the last words\n')]))
    writeFileSync(join(dir, 'spare.stderr.log'), 'loaded\n')
    const { outputFrom } = spare.spawn(program, () => {})
    const text = readFileSync(program.stderrFile, 'utf8')
    expect(text).toBe('loaded\nthe last words\n')
    expect(outputFrom).toBe(text.length)
    expect(existsSync(join(dir, 'spare.stderr.log'))).toBe(false)
  })

  test('that cannot be moved leaves the worker to a fresh process', () => {
    const { asked, state, worker, spare } = setUpWaiting()
    rmSync(join(dir, 'spare.stderr.log'))
    spare.spawn(worker('worker-1'), () => {})
    expect([asked, state.forked]).toEqual([['none'], 1])
  })
})

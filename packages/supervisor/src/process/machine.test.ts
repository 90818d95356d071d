import { describe, expect, test } from 'vitest'
import { next } from './machine.ts'
import { backoffMs, type Effect, initialProc, type Policy, type Proc, type ProcEvent } from './proc.ts'

const POLICY: Policy = {
  restart: 'always',
  startTimeout: 30,
  stopTimeout: 10,
  stableAfter: 20,
  startRetries: 3,
  startSeconds: 0,
  crashLimit: 4,
  crashWindow: 60_000,
  fatalRetry: 60,
  hasHealthyPeer: false,
  jitter: 0,
}
const EVENTS: readonly ProcEvent[] = [
  { type: 'start' },
  { type: 'stop' },
  { type: 'restart' },
  { type: 'adopted', pid: 7, ready: true },
  { type: 'adopted', pid: 7, ready: false },
  { type: 'spawned', pid: 7 },
  { type: 'ready' },
  { type: 'exited', clean: true },
  { type: 'exited', clean: false },
  { type: 'timeout' },
]

function run(events: readonly (ProcEvent | ProcEvent['type'])[], policy = POLICY): readonly [Proc, readonly Effect[]] {
  let proc = initialProc(0)
  let effects: readonly Effect[] = []
  for (const event of events) [proc, effects] = next(proc, toEvent(event), policy, 0)
  return [proc, effects]
}

function toEvent(event: ProcEvent | ProcEvent['type']): ProcEvent {
  if (typeof event !== 'string') return event
  if (event === 'spawned') return { type: 'spawned', pid: 7 }
  if (event === 'adopted') return { type: 'adopted', pid: 7, ready: true }
  if (event === 'exited') return { type: 'exited', clean: false }
  return { type: event }
}

const types = (effects: readonly Effect[]) => effects.map((effect) => effect.type)
const timerOf = (effects: readonly Effect[]) => effects.find((effect) => effect.type === 'timer')?.ms

/** What an event may say about the world: a child that does not exist cannot exit, a child is spawned once. */
function possible(proc: Proc, event: ProcEvent): boolean {
  const spawning = proc.state === 'starting' && proc.pid === null
  if (event.type === 'spawned') return spawning
  if (event.type === 'exited') return proc.pid !== null || spawning
  return true
}

interface Walk {
  readonly from: Proc
  readonly event: ProcEvent
  readonly to: Proc
  readonly effects: readonly Effect[]
}

function walk(policy: Policy): readonly Walk[] {
  const seen = new Set<string>()
  const open: Proc[] = [initialProc(0)]
  const steps: Walk[] = []
  for (let proc = open.pop(); proc; proc = open.pop()) {
    const key = JSON.stringify(proc)
    if (seen.has(key)) continue
    seen.add(key)
    for (const event of EVENTS) {
      if (!possible(proc, event)) continue
      const [to, effects] = next(proc, event, policy, 0)
      steps.push({ from: proc, event, to, effects })
      open.push(to)
    }
  }
  return steps
}

const POLICIES: readonly Partial<Policy>[] = [
  { restart: 'always' },
  { restart: 'failure' },
  { restart: 'never' },
  { hasHealthyPeer: true },
  { hasHealthyPeer: true, startSeconds: 5, crashLimit: 1 },
  { hasHealthyPeer: true, startRetries: 1, crashLimit: 2, startSeconds: 5 },
]

describe.each(POLICIES)('every reachable value with %j', (over) => {
  const policy = { ...POLICY, ...over }
  const steps = walk(policy)

  test('the walk is finite and reaches the states', () => {
    const states = new Set(steps.map((step) => step.from.state))
    const expected = ['backoff', 'fatal', 'running', 'starting', 'stopped', 'stopping']
    if (policy.restart !== 'always') expected.push('exited')
    expect([...states].sort()).toEqual(expected.sort())
    expect(steps.length).toBeGreaterThan(100)
    expect(steps.length).toBeLessThan(2000)
  })

  test('no change is silent', () => {
    for (const { from, to, effects } of steps) {
      if (JSON.stringify(from) !== JSON.stringify(to)) expect(types(effects)).toContain('announce')
    }
  })

  test('no second child is spawned', () => {
    for (const { from, event, effects } of steps) {
      if (!types(effects).includes('spawn')) continue
      const gone = from.pid === null && from.state !== 'starting'
      expect(gone || event.type === 'exited', JSON.stringify({ from, event })).toBe(true)
    }
  })

  test('no pid is left behind, and none is forgotten', () => {
    for (const { from, event, to } of steps) {
      if (event.type === 'exited') expect(to.pid).toBeNull()
      else if (from.pid !== null) expect(to.pid).toBe(from.pid)
      if (['stopped', 'backoff', 'exited', 'fatal'].includes(to.state)) expect(to.pid).toBeNull()
      if (['running', 'stopping'].includes(to.state)) expect(to.pid).toBe(7)
    }
  })

  test('a timed state is entered with its timer, and its end by timer sets the next', () => {
    const timed = (proc: Proc) =>
      ['starting', 'backoff', 'stopping', 'fatal'].includes(proc.state) || (proc.state === 'running' && !proc.settled)
    for (const { from, event, to, effects } of steps) {
      const entered = from.state !== to.state || types(effects).includes('spawn')
      if (timed(to) && entered) expect(timerOf(effects), JSON.stringify({ from, event })).toBeGreaterThan(0)
      // A time-out without a pid to wait for cannot happen: spawning is one synchronous call.
      const spawning = from.state === 'starting' && from.pid === null
      if (timed(to) && event.type === 'timeout' && !spawning) expect(timerOf(effects)).toBeGreaterThan(0)
    }
  })

  test('failures never exceed the retries by more than one, and only FATAL holds that many', () => {
    for (const { to } of steps) {
      expect(to.failures).toBeLessThanOrEqual(policy.startRetries + 1)
      if (to.failures > policy.startRetries) expect(['fatal', 'stopping']).toContain(to.state)
    }
  })

  test('only a running process has crashed, and never more often than the limit', () => {
    for (const { from, event, to } of steps) {
      expect(to.crashes.length).toBeLessThanOrEqual(policy.crashLimit)
      if (to.crashes.length > from.crashes.length) expect([from.state, event.type]).toEqual(['running', 'exited'])
      if (to.crashes.length === policy.crashLimit) expect(to.state).toBe('fatal')
    }
  })

  test('what is not wanted does not come up', () => {
    for (const { to, effects } of steps) if (to.want === 'down') expect(types(effects)).not.toContain('spawn')
  })
})

test('start, spawned, ready is running, and forgiven after stableAfter', () => {
  const [proc, effects] = run(['start', 'spawned', 'ready'])
  expect(proc).toMatchObject({ state: 'running', want: 'up', pid: 7 })
  expect(timerOf(effects)).toBe(POLICY.stableAfter)
  const [settled] = run(['start', 'spawned', 'exited', 'timeout', 'spawned', 'ready', 'timeout'])
  expect(settled).toMatchObject({ state: 'running', failures: 0, settled: true })
})

test('an adopted child runs at once, and is replaced at once when it dies', () => {
  const [proc, effects] = run(['adopted'])
  expect(proc).toMatchObject({ state: 'running', want: 'up', pid: 7, failures: 0, settled: false })
  expect(timerOf(effects)).toBe(POLICY.stableAfter)
  expect(types(effects)).not.toContain('spawn')
  const [replaced, after] = run(['adopted', 'exited'])
  expect(replaced).toMatchObject({ state: 'starting', pid: null })
  expect(types(after)).toContain('spawn')
})

test('an adopted child that takes no requests gets the time of a start, then it is replaced', () => {
  const unready = { type: 'adopted', pid: 7, ready: false } as const
  const [proc, effects] = run([unready])
  expect(proc).toMatchObject({ state: 'starting', pid: 7 })
  expect(timerOf(effects)).toBe(POLICY.startTimeout)
  expect(run([unready, 'ready'])[0]).toMatchObject({ state: 'running', pid: 7 })
  expect(run([unready, 'timeout'])[0]).toMatchObject({ state: 'stopping', want: 'up' })
  expect(run([unready, 'restart', 'exited'])[0]).toMatchObject({ state: 'starting', pid: null, failures: 0 })
})

test('a settled process that dies is started again at once', () => {
  const [proc, effects] = run(['start', 'spawned', 'ready', 'timeout', 'exited'])
  expect(proc).toMatchObject({ state: 'starting', failures: 0 })
  expect(types(effects)).toContain('spawn')
})

test('an early death comes back at once the first time and waits the second time', () => {
  const once = ['start', 'spawned', 'ready', 'exited'] as const
  expect(run(once)[0]).toMatchObject({ state: 'starting', failures: 1 })
  const [proc, effects] = run([...once, 'spawned', 'ready', 'exited'])
  expect(proc).toMatchObject({ state: 'backoff', failures: 2 })
  expect(timerOf(effects)).toBe(2000)
})

test('failures at start wait 1, 2, 4 s and end in FATAL after the retries', () => {
  const waits: (number | undefined)[] = []
  let proc = run(['start'])[0]
  for (let attempt = 0; attempt < 10 && proc.state !== 'fatal'; attempt++) {
    const [after, effects] = next(
      next(proc, { type: 'spawned', pid: 7 }, POLICY, 0)[0],
      { type: 'exited', clean: false },
      POLICY,
      0,
    )
    waits.push(timerOf(effects))
    proc = after.state === 'fatal' ? after : next(after, { type: 'timeout' }, POLICY, 0)[0]
  }
  expect(waits).toEqual([1000, 2000, 4000, POLICY.fatalRetry])
  expect(proc).toMatchObject({ state: 'fatal', want: 'up', pid: null })
})

test('the pause never grows past 30 s', () => {
  expect([1, 2, 5, 6, 7, 100].map((failures) => backoffMs(failures))).toEqual([
    1000, 2000, 16_000, 30_000, 30_000, 30_000,
  ])
})

test('a start that is not ready in time is stopped and counts as a failure', () => {
  const [stopping, effects] = run(['start', 'spawned', 'timeout'])
  expect(stopping).toMatchObject({ state: 'stopping', want: 'up', failures: 1 })
  expect(types(effects)).toContain('signal')
  expect(run(['start', 'spawned', 'timeout', 'exited'])[0]).toMatchObject({ state: 'backoff', failures: 1 })
})

test('SIGTERM first, then SIGKILL until the process is gone', () => {
  const stop = ['start', 'spawned', 'ready', 'stop'] as const
  expect(run(stop)[1]).toContainEqual({ type: 'signal', signal: 'SIGTERM' })
  for (const times of [['timeout'], ['timeout', 'timeout']] as const) {
    const [proc, effects] = run([...stop, ...times])
    expect(effects).toContainEqual({ type: 'signal', signal: 'SIGKILL' })
    expect(proc.state).toBe('stopping')
  }
  expect(run([...stop, 'timeout', 'exited'])[0]).toMatchObject({ state: 'stopped', pid: null })
})

test('a restart stops while still wanted and starts without a pause', () => {
  const [proc, effects] = run(['start', 'spawned', 'ready', 'restart', 'exited'])
  expect(proc).toMatchObject({ state: 'starting', want: 'up', failures: 0 })
  expect(types(effects)).toContain('spawn')
})

test('a start during a stop is carried out after it, and a stop during a spawn as well', () => {
  expect(run(['start', 'spawned', 'ready', 'stop', 'start', 'exited'])[0].state).toBe('starting')
  expect(run(['start', 'stop', 'spawned'])[0]).toMatchObject({ state: 'stopping', want: 'down', pid: 7 })
})

test('FATAL and BACKOFF come back by hand with their failures forgiven', () => {
  const policy = { ...POLICY, startRetries: 0 }
  expect(run(['start', 'spawned', 'exited'], policy)[0].state).toBe('fatal')
  expect(run(['start', 'spawned', 'exited', 'start'], policy)[0]).toMatchObject({ state: 'starting', failures: 0 })
  expect(run(['start', 'spawned', 'exited', 'restart'])[0]).toMatchObject({ state: 'starting', failures: 0 })
})

test('processes that fail together do not come back together', () => {
  expect(backoffMs(1, 0.5)).toBe(1125)
  expect(backoffMs(100, 1)).toBe(37_500)
})

/** Ends of a running process at these times, ready again in between, with the pauses left out. */
function crashAt(times: readonly number[], policy = POLICY): Proc {
  let proc = run(['start', 'spawned', 'ready'], policy)[0]
  for (const now of times) {
    proc = next(proc, { type: 'exited', clean: false }, policy, now)[0]
    if (proc.state === 'fatal') return proc
    if (proc.state === 'backoff') proc = next(proc, { type: 'timeout' }, policy, now)[0]
    proc = next(proc, { type: 'spawned', pid: 7 }, policy, now)[0]
    proc = next(proc, { type: 'ready' }, policy, now)[0]
    // Settled: without the crash budget it would come back for ever.
    proc = next(proc, { type: 'timeout' }, policy, now)[0]
  }
  return proc
}

test('a process that runs and dies again and again is FATAL when the crash budget is spent', () => {
  expect(crashAt([1000, 12_000, 23_000]).state).toBe('running')
  expect(crashAt([1000, 12_000, 23_000, 34_000])).toMatchObject({ state: 'fatal', want: 'up', pid: null })
})

test('crashes older than the window do not count', () => {
  expect(crashAt([0, 30_000, 60_000, 90_000, 120_000, 150_000]).state).toBe('running')
})

test('a FATAL process is tried again while a peer runs, and one more crash makes it FATAL again', () => {
  const policy = { ...POLICY, hasHealthyPeer: true }
  const fatal = crashAt([1, 2, 3, 4], policy)
  const [tried, effects] = next(fatal, { type: 'timeout' }, policy, 100_000)
  expect(tried.state).toBe('starting')
  expect(types(effects)).toContain('spawn')
  let proc = next(tried, { type: 'spawned', pid: 8 }, policy, 100_000)[0]
  proc = next(proc, { type: 'ready' }, policy, 100_000)[0]
  expect(next(proc, { type: 'exited', clean: false }, policy, 100_500)[0].state).toBe('fatal')
  // One that stays up has its budget back after the window.
  expect(next(proc, { type: 'exited', clean: false }, policy, 170_000)[0].state).not.toBe('fatal')
})

test('a FATAL process without a running peer stays FATAL and looks again later', () => {
  const [proc, effects] = next(crashAt([1, 2, 3, 4]), { type: 'timeout' }, POLICY, 100_000)
  expect(proc.state).toBe('fatal')
  expect(timerOf(effects)).toBe(POLICY.fatalRetry)
})

test('with startSeconds it is RUNNING when it has been ready and up that long', () => {
  const policy = { ...POLICY, startSeconds: 20 }
  const ready = next(run(['start', 'spawned'], policy)[0], { type: 'ready' }, policy, 5)
  expect(ready[0].state).toBe('starting')
  expect(timerOf(ready[1])).toBe(15)
  expect(next(ready[0], { type: 'timeout' }, policy, 20)[0].state).toBe('running')
  expect(next(ready[0], { type: 'exited', clean: true }, policy, 10)[0]).toMatchObject({
    state: 'backoff',
    failures: 1,
  })
  expect(next(run(['start', 'spawned'], policy)[0], { type: 'ready' }, policy, 20)[0].state).toBe('running')
})

import type { ProcessInfo, ProcessStats } from '@imgsvc/core/control'
import { expect, test } from 'vitest'
import { frame, milliseconds } from './frame.ts'
import { quantile, ratesOf, type Sample } from './sample.ts'
import { summarise } from './summary.ts'

const info = {
  version: '1.2.3',
  pid: 1,
  since: 0,
  stateDir: '/s',
  configFile: null,
  listen: '0.0.0.0:8080',
  admin: '',
  ready: true,
}
const BOUNDS = [0.01, 0.1, 1]

const process = (id: ProcessInfo['id'], over: Partial<ProcessInfo> = {}): ProcessInfo => ({
  ...{ id, state: 'RUNNING', want: 'up', pid: 10, port: 8000, since: 0, restarts: 0, rss: 100 * 1024 ** 2, cpu: 12.3 },
  ...{ inFlight: 2, loopLagMs: 1, draining: false, lastExit: null, reason: null },
  ...over,
})
const stats = (id: ProcessInfo['id'], at: number, over: Partial<ProcessStats> = {}): ProcessStats => ({
  ...{ id, pid: 10, at, requests: 0, durations: null, lookups: null, hits: null, queue: null },
  ...over,
})
const sample = (all: readonly ProcessStats[], processes: readonly ProcessInfo[] = []): Sample => ({
  info,
  processes,
  stats: all,
})

test('requests per second come from the last two samples, percentile and hits from all', () => {
  const at = (time: number, requests: number, counts: readonly number[], lookups: number, hits: number) =>
    sample([stats('worker:0', time, { requests, durations: { bounds: BOUNDS, counts }, lookups, hits })])
  const samples = [
    at(0, 0, [0, 0, 0, 0], 0, 0),
    at(1000, 90, [90, 0, 0, 0], 90, 0),
    at(3000, 100, [90, 10, 0, 0], 100, 50),
  ]
  const { rps, p99, hits } = ratesOf('worker:0', samples)
  expect([rps, hits]).toEqual([5, 50])
  // 99 of 100: nine tenths through the bucket from 10 to 100 ms.
  expect(p99).toBeCloseTo(91)
})

test('a process that was restarted meanwhile counts from its start', () => {
  const before = sample([stats('worker:0', 0, { requests: 500, pid: 9 })])
  expect(ratesOf('worker:0', [before, sample([stats('worker:0', 1000, { requests: 3 })])]).rps).toBeNull()
  const two = [
    before,
    sample([stats('worker:0', 1000, { requests: 3 })]),
    sample([stats('worker:0', 2000, { requests: 7 })]),
  ]
  expect(ratesOf('worker:0', two).rps).toBe(4)
})

test('percentiles beyond the buckets, and of nothing', () => {
  expect(quantile({ bounds: BOUNDS, counts: [0, 0, 0, 5] }, 0.99)).toBe(Number.POSITIVE_INFINITY)
  expect(quantile({ bounds: BOUNDS, counts: [0, 0, 0, 0] }, 0.99)).toBeNull()
  expect([8.31, 123.4, 1234, Number.POSITIVE_INFINITY, null].map(milliseconds)).toEqual([
    ...['8.3 ms', '123 ms', '1.2 s', '>60 s', '-'],
  ])
})

const processes = [
  process('balancer:0', { cpu: 1 }),
  ...Array.from({ length: 30 }, (_, n) => process(`worker:${n}`, { cpu: n, rss: (30 - n) * 1024 ** 2 })),
]
const many: [Sample, Sample] = [
  sample(
    processes.map(({ id }) => stats(id, 0)),
    processes,
  ),
  sample(
    processes.map(({ id }) => stats(id, 1000, { requests: 10, queue: 1 })),
    processes,
  ),
]

test('clients are counted at the balancers alone', () => {
  const { totals } = summarise(many, 5000)
  expect(totals).toMatchObject({ rps: 10, inFlight: 2, queue: 31, restarts: 0, cpu: 436 })
})

test.each([
  [80, 24],
  [40, 10],
  [200, 60],
  [10, 3],
])('a screen of %i by %i is never exceeded', (columns, rows) => {
  const lines = frame(summarise(many, 5000), { columns, rows, sort: 'id', colours: false, trouble: 'x'.repeat(300) })
  expect(lines.length).toBeLessThanOrEqual(rows)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
})

test('80 columns hold the whole table', () => {
  const lines = frame(summarise(many, 90_000_000), { columns: 80, rows: 24, sort: 'id', colours: false })
  expect(lines[0]).toBe('imgsvc 1.2.3  0.0.0.0:8080  up 1d 01h  30/30 workers  1/1 balancers')
  expect(lines[1]).toBe('10.0 req/s  p99 -  in flight 2  queue 31  hits -')
  expect(lines.find((line) => line.startsWith('PROCESS'))).toMatch(/^PROCESS\* .* HIT %$/)
  expect(lines.find((line) => line.startsWith('worker:0'))).toBe(
    'worker:0    RUNNING      0.0   30 MB    10.0       -     1     2       0     -',
  )
  expect(lines.at(-2)).toBe('… 14 more')
})

test('the largest come first when it is sorted', () => {
  const first = (sort: 'cpu' | 'rss') =>
    frame(summarise(many, 0), { columns: 80, rows: 24, sort, colours: false })[5]?.split(' ')[0]
  expect([first('cpu'), first('rss')]).toEqual(['worker:29', 'balancer:0'])
})

import { appendFileSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { systemClock } from '@imgsvc/core/clock'
import { plainLine } from '@imgsvc/core/log-plain'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LineFilter } from './line.ts'
import { createLineSplitter } from './line-splitter.ts'
import { tailLogs } from './tail.ts'

const BEGIN = Date.parse('2026-11-21T00:00:00Z')
/** At once; the rest is room for a busy machine. */
const SOON = { timeout: 10_000 }

let dir: string
let stop: AbortController
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tail-'))
  stop = new AbortController()
})
afterEach(() => {
  stop.abort()
  rmSync(dir, { recursive: true })
})

const path = (name: string) => join(dir, name)
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => String(from + n))
const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')

function tail(lines: number, follow = false, ids: readonly string[] = ['worker:0'], filter: LineFilter = {}) {
  return tailLogs({ dir, ids, lines, follow, clock: systemClock, signal: stop.signal, ...filter })
}

async function all(lines: number, ids?: readonly string[], filter?: LineFilter): Promise<string[]> {
  const found: string[] = []
  for await (const { line } of tail(lines, false, ids, filter)) found.push(line)
  return found
}

/** Line `n` of a log that gets one a second from 2026-11-21T00:00:00Z on, every tenth a warning. */
const timed = (n: number) =>
  JSON.stringify({
    level: n % 10 === 0 ? 'warn' : 'info',
    time: new Date(BEGIN + n * 1000).toISOString(),
    id: 'worker:0',
    requestId: `r${n % 7}`,
    n,
  })
const timedLines = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => timed(from + at))
/** Writes a file of such lines with the time of its last one. */
function writeTimed(name: string, from: number, to: number): void {
  const bytes = Buffer.from(text(timedLines(from, to)))
  writeFileSync(path(name), name.endsWith('.gz') ? gzipSync(bytes) : bytes)
  utimesSync(path(name), BEGIN / 1000 + to, BEGIN / 1000 + to)
}

/** Reads in the background into an array. */
function follow(lines: number): string[] {
  const found: string[] = []
  void (async () => {
    for await (const { line } of tail(lines, true)) found.push(line)
  })()
  return found
}

test('the last lines come from rotated files too', async () => {
  writeFileSync(path('worker-0.log.2'), text(numbers(0, 10)))
  writeFileSync(path('worker-0.log.1'), text(numbers(10, 20)))
  writeFileSync(path('worker-0.log'), text(numbers(20, 25)))
  expect(await all(3)).toEqual(numbers(22, 25))
  expect(await all(5)).toEqual(numbers(20, 25))
  expect(await all(12)).toEqual(numbers(13, 25))
  expect(await all(1000)).toEqual(numbers(0, 25))
  expect(await all(0)).toEqual([])
})

test('compressed files are read as if they were not', async () => {
  writeFileSync(path('worker-0.log.3.gz'), gzipSync(text(numbers(0, 30_000))))
  writeFileSync(path('worker-0.log.2.gz'), gzipSync(`${text(numbers(30_000, 30_010))}no newline`))
  writeFileSync(path('worker-0.log.1'), text(numbers(30_010, 30_020)))
  writeFileSync(path('worker-0.log'), text(numbers(30_020, 30_025)))
  const lines = [...numbers(0, 30_010), 'no newline', ...numbers(30_010, 30_025)]
  for (const count of [3, 20, 26, 27, 5000, lines.length - 1, lines.length, 100_000]) {
    expect(await all(count)).toEqual(lines.slice(-count))
  }
})

test('the newest of the lines asked for: by time, level and request', async () => {
  writeTimed('worker-0.log.2.gz', 0, 1000)
  writeTimed('worker-0.log.1', 1000, 2000)
  writeTimed('worker-0.log', 2000, 3000)
  const lines = timedLines(0, 3000)
  const since = BEGIN + 1_500_000
  expect(await all(Number.POSITIVE_INFINITY, undefined, { since })).toEqual(lines.slice(1500))
  expect(await all(5, undefined, { since: BEGIN + 999_000 })).toEqual(lines.slice(-5))
  expect(await all(Number.POSITIVE_INFINITY, undefined, { since: BEGIN + 9_000_000 })).toEqual([])
  expect(await all(250, undefined, { level: 'warn' })).toEqual(lines.filter((_, n) => n % 10 === 0).slice(-250))
  expect(await all(1000, undefined, { requestId: 'r3' })).toEqual(lines.filter((_, n) => n % 7 === 3))
  expect(await all(2, undefined, { since, level: 'warn', requestId: 'r3' })).toEqual(
    lines.filter((_, n) => n % 70 === 10).slice(-2),
  )
})

test('plain and JSON lines of several logs are merged by time', async () => {
  writeFileSync(path('worker-0.log'), text(timedLines(0, 4)))
  const plain = timedLines(0, 4).map((line) => plainLine(line.replace('.000Z', '.500Z')).trimEnd())
  writeFileSync(path('worker-1.log'), text(plain))
  const found = await all(10, ['worker:0', 'worker:1'])
  expect(found).toEqual([0, 1, 2, 3].flatMap((n) => [timed(n), plain[n]]))
})

test('a follower that is far behind finds its place again when its file was compressed meanwhile', async () => {
  writeTimed('worker-0.log', 0, 10)
  const lines = tail(2, true)
  expect((await lines.next()).value?.line).toBe(timed(8))
  // The reader takes its time: three rotations and a compression later, the file it reads has another inode.
  renameSync(path('worker-0.log'), path('worker-0.log.3'))
  writeTimed('worker-0.log.3.gz', 0, 10)
  rmSync(path('worker-0.log.3'))
  writeTimed('worker-0.log.4.gz', -10, 0)
  writeTimed('worker-0.log.2.gz', 10, 20)
  writeTimed('worker-0.log.1', 20, 30)
  writeTimed('worker-0.log', 30, 40)
  const found: (string | undefined)[] = []
  while (found.length < 31) found.push((await lines.next()).value?.line)
  expect(found).toEqual(timedLines(9, 40))
  await lines.return(undefined)
})

test('only the lines asked for are followed', async () => {
  writeFileSync(path('worker-0.log'), text(timedLines(0, 5)))
  const found: string[] = []
  void (async () => {
    for await (const { line } of tail(9, true, ['worker:0'], { level: 'warn' })) found.push(line)
  })()
  await expect.poll(() => found, SOON).toEqual([timed(0)])
  appendFileSync(path('worker-0.log'), text(timedLines(5, 31)))
  await expect.poll(() => found, SOON).toEqual([0, 10, 20, 30].map(timed))
})

test('files larger than one read, long lines, empty lines and a line without its newline', async () => {
  const lines = [...numbers(0, 20_000), 'x'.repeat(200_000), '', 'ü€😀'.repeat(30_000), 'unfinished']
  writeFileSync(path('worker-0.log'), lines.join('\n'))
  expect(await all(lines.length)).toEqual(lines)
  expect(await all(3)).toEqual(lines.slice(-3))
})

test('nothing written yet is nothing', async () => {
  expect(await all(10)).toEqual([])
  writeFileSync(path('worker-0.log'), '')
  expect(await all(10)).toEqual([])
})

test('several logs are merged by time', async () => {
  const line = (id: string, time: string) => `{"time":"2026-11-21T00:00:${time}Z","id":"${id}"}`
  writeFileSync(path('worker-0.log'), text([line('a', '01'), 'no time', line('b', '04')]))
  writeFileSync(path('worker-1.log'), text([line('c', '02'), line('d', '03')]))
  const found = await all(10, ['worker:0', 'worker:1'])
  expect(found.map((text) => /"id":"(.)"/.exec(text)?.[1] ?? text)).toEqual(['a', 'no time', 'c', 'd', 'b'])
})

test('following gives each line once, also across rotations and unfinished lines', async () => {
  writeFileSync(path('worker-0.log'), text(numbers(0, 5)))
  const found = follow(2)
  await expect.poll(() => found, SOON).toEqual(numbers(3, 5))
  appendFileSync(path('worker-0.log'), '5\n6')
  await expect.poll(() => found, SOON).toEqual(numbers(3, 6))
  renameSync(path('worker-0.log'), path('worker-0.log.1'))
  appendFileSync(path('worker-0.log.1'), '\n7\n')
  writeFileSync(path('worker-0.log'), text(numbers(8, 10)))
  await expect.poll(() => found, SOON).toEqual(numbers(3, 10))
})

test('several rotations between two looks lose nothing', async () => {
  writeFileSync(path('worker-0.log'), '0\n')
  const found = follow(10)
  await expect.poll(() => found, SOON).toEqual(['0'])
  renameSync(path('worker-0.log'), path('worker-0.log.3'))
  writeFileSync(path('worker-0.log.2'), '1\n')
  writeFileSync(path('worker-0.log.1'), '2\n')
  writeFileSync(path('worker-0.log'), '3\n')
  await expect.poll(() => found, SOON).toEqual(['0', '1', '2', '3'])
})

test('a file that is begun anew and one that appears later are followed', async () => {
  const found = follow(10)
  writeFileSync(path('worker-0.log'), 'first line\n')
  await expect.poll(() => found, SOON).toEqual(['first line'])
  writeFileSync(path('worker-0.log'), 'new\n')
  await expect.poll(() => found, SOON).toEqual(['first line', 'new'])
})

test('following ends when the signal fires', async () => {
  const lines = tail(0, true)
  const next = lines.next()
  stop.abort()
  expect(await next).toMatchObject({ done: true })
})

test('a line longer than the bound is handed out in pieces', () => {
  const splitter = createLineSplitter()
  const piece = Buffer.alloc(700_000, 'a')
  expect(splitter.push(piece)).toEqual([])
  expect(splitter.push(piece).map((line) => line.length)).toEqual([1_400_000])
  expect(splitter.rest()).toBeUndefined()
})

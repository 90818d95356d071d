import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@imgsvc/core/clock'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLineSplitter } from './line-splitter.ts'
import { tailLogs } from './tail.ts'

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

function tail(lines: number, follow = false, ids: readonly string[] = ['worker:0']) {
  return tailLogs({ dir, ids, lines, follow, clock: systemClock, signal: stop.signal })
}

async function all(lines: number, ids?: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for await (const { line } of tail(lines, false, ids)) found.push(line)
  return found
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
  await expect.poll(() => found).toEqual(numbers(3, 5))
  appendFileSync(path('worker-0.log'), '5\n6')
  await expect.poll(() => found).toEqual(numbers(3, 6))
  renameSync(path('worker-0.log'), path('worker-0.log.1'))
  appendFileSync(path('worker-0.log.1'), '\n7\n')
  writeFileSync(path('worker-0.log'), text(numbers(8, 10)))
  await expect.poll(() => found).toEqual(numbers(3, 10))
})

test('several rotations between two looks lose nothing', async () => {
  writeFileSync(path('worker-0.log'), '0\n')
  const found = follow(10)
  await expect.poll(() => found).toEqual(['0'])
  renameSync(path('worker-0.log'), path('worker-0.log.3'))
  writeFileSync(path('worker-0.log.2'), '1\n')
  writeFileSync(path('worker-0.log.1'), '2\n')
  writeFileSync(path('worker-0.log'), '3\n')
  await expect.poll(() => found).toEqual(['0', '1', '2', '3'])
})

test('a file that is begun anew and one that appears later are followed', async () => {
  const found = follow(10)
  writeFileSync(path('worker-0.log'), 'first line\n')
  await expect.poll(() => found).toEqual(['first line'])
  writeFileSync(path('worker-0.log'), 'new\n')
  await expect.poll(() => found).toEqual(['first line', 'new'])
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

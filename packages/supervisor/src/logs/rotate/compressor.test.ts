import { execFileSync } from 'node:child_process'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { systemClock } from '@imgsvc/core/clock'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createCompressor, nextToCompress } from './compressor.ts'

let dir: string
let ahead = 0
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gz-'))
  ahead = 0
})
afterEach(() => rmSync(dir, { recursive: true }))

const path = (name: string) => join(dir, name)
const content = Buffer.from('a line of a log\n'.repeat(100_000))

function compressor(beforeReplacing: () => void = () => {}) {
  const seen = { results: [] as string[], failures: [] as string[] }
  const made = createCompressor({
    dir,
    clock: { ...systemClock, monotonic: () => performance.now() + ahead },
    exclusive(work) {
      beforeReplacing()
      return work()
    },
    counted: (result) => seen.results.push(result),
    failed: (name, error) => seen.failures.push(`${name}: ${String(error)}`),
  })
  const run = async () => {
    made.begin(readdirSync(dir))
    await made.idle()
  }
  return { ...made, run, seen }
}

test('the oldest first, and never the newest, which may still get a line', () => {
  const names = ['worker-0.log', 'worker-0.log.1', 'worker-0.log.2', 'worker-1.stderr.log.4', 'other.log.9']
  expect(nextToCompress(names)).toBe('worker-1.stderr.log.4')
  expect(
    nextToCompress(['worker-0.log', 'worker-0.log.1', 'worker-0.log.2.gz', 'worker-0.log.3.gz.tmp']),
  ).toBeUndefined()
})

test('the compressed file holds the same, has the time of the original and takes its place', async () => {
  writeFileSync(path('worker-0.log.2'), content)
  utimesSync(path('worker-0.log.2'), 1_700_000_000, 1_700_000_000.25)
  const { run, seen } = compressor()
  await run()
  expect([readdirSync(dir), seen.results]).toEqual([['worker-0.log.2.gz'], ['ok']])
  expect(gunzipSync(readFileSync(path('worker-0.log.2.gz'))).equals(content)).toBe(true)
  expect(statSync(path('worker-0.log.2.gz')).mtimeMs).toBeCloseTo(1_700_000_000_250, 0)
  expect(statSync(path('worker-0.log.2.gz')).size).toBeLessThan(content.length / 10)
  // Others can read it.
  expect(execFileSync('gzip', ['-dc', path('worker-0.log.2.gz')], { maxBuffer: 1e8 }).equals(content)).toBe(true)
})

test('a rotation while it compresses moves the result along', async () => {
  writeFileSync(path('worker-0.log.2'), content)
  const { run } = compressor(() => renameSync(path('worker-0.log.2'), path('worker-0.log.3')))
  await run()
  expect(readdirSync(dir)).toEqual(['worker-0.log.3.gz'])
})

test('a file that was deleted or got a line meanwhile is not replaced', async () => {
  writeFileSync(path('worker-0.log.2'), content)
  const grown = compressor(() => writeFileSync(path('worker-0.log.2'), 'late\n', { flag: 'a' }))
  await grown.run()
  expect(readdirSync(dir)).toEqual(['worker-0.log.2'])
  const deleted = compressor(() => rmSync(path('worker-0.log.2')))
  await deleted.run()
  expect(readdirSync(dir)).toEqual([])
})

test('what a crash left unfinished is compressed again', async () => {
  writeFileSync(path('worker-0.log.2'), content)
  writeFileSync(path('worker-0.log.3.gz.tmp'), 'half')
  const { run } = compressor()
  await run()
  expect(readdirSync(dir)).toEqual(['worker-0.log.2.gz'])
  expect(gunzipSync(readFileSync(path('worker-0.log.2.gz'))).equals(content)).toBe(true)
})

test('closing breaks off and leaves the original', async () => {
  writeFileSync(path('worker-0.log.2'), content)
  const { begin, close, seen } = compressor()
  begin(readdirSync(dir))
  await close()
  expect([readdirSync(dir), seen]).toEqual([['worker-0.log.2'], { results: [], failures: [] }])
})

test('a failure is counted, told, and tried again after a pause', async () => {
  writeFileSync(path('worker-0.log.2'), content)
  let failing = true
  const { run, seen } = compressor(() => {
    if (failing) throw new Error('the disk is gone')
  })
  await run()
  await run()
  expect(seen).toEqual({ results: ['failed'], failures: ['worker-0.log.2: Error: the disk is gone'] })
  expect(readdirSync(dir)).toEqual(['worker-0.log.2'])
  failing = false
  ahead = 11_000
  await run()
  expect(readdirSync(dir)).toEqual(['worker-0.log.2.gz'])
})

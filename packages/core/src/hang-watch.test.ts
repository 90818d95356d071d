import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { type HangWatch, startHangWatch, takeHangStack } from './hang-watch.ts'

const dir = mkdtempSync(join(tmpdir(), 'hw-'))
const path = join(dir, 'w.hang')
let watch: HangWatch | undefined

afterEach(() => watch?.close())
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** The thread has been started and has seen the loop at work. */
const untilNextBeat = () => new Promise((resolve) => setTimeout(resolve, 1500))

/** Blocks this thread until the watch has told something, at most 15 s. */
function decodeForEver(isTold: () => boolean): boolean {
  const end = performance.now() + 15_000
  while (performance.now() < end) if (isTold()) return true
  return false
}

function told(): boolean {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).stack.length > 0
  } catch {
    return false
  }
}

test('a blocked loop leaves the stack it was blocked in, and goes on', async () => {
  watch = startHangWatch(path, 500)
  await untilNextBeat()
  expect(decodeForEver(told)).toBe(true)
  const found = takeHangStack(path, process.pid)
  expect(found?.blockedMs).toBeGreaterThanOrEqual(500)
  expect(found?.stack.join('\n')).toContain('decodeForEver')
  expect(takeHangStack(path, process.pid)).toBeUndefined()
  await untilNextBeat()
})

test('what another process left there is not taken for this one', () => {
  writeFileSync(path, JSON.stringify({ pid: process.pid + 1, at: 1, blockedMs: 5, stack: ['x'] }))
  expect(takeHangStack(path, process.pid)).toBeUndefined()
})

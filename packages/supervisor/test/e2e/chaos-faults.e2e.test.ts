import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FAULTS } from '@imgsvc/supervisor/chaos/cli'
import { type Order, orderFile } from '@imgsvc/supervisor/chaos/faults/orders'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cleanEnv } from './run-cli.ts'
import { until } from './until.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'co-'))
})
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

const started: ReturnType<typeof spawn>[] = []
const give = (order: Order) => writeFileSync(orderFile(dir, 'worker:1'), JSON.stringify(order))

/** A program under the fault module, as the rig starts every process; it lives for 20 s unless it is told otherwise. */
function start(script = 'setTimeout(() => {}, 20000)', id = 'worker:1') {
  const env = cleanEnv({ NODE_OPTIONS: `--import=${FAULTS}`, IMGSVC_CHAOS_ORDERS: dir, IMGSVC_CHILD_ID: id })
  const child = spawn(process.execPath, ['-e', script], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  started.push(child)
  const seen = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    seen.stderr = (seen.stderr + text).slice(-5000)
  })
  return Object.assign(child, { seen })
}

const printsEvery20Ms = (what: string) => `setInterval(() => console.log(${what}), 20)`

test('a program without orders is not touched', async () => {
  give({ fault: 'exit-at-boot', message: 'not for you' })
  const child = start(
    'console.log(Math.abs(Date.now() - performance.timeOrigin - performance.now()) < 1000)',
    'worker:2',
  )
  await until('it ends', () => child.exitCode !== null)
  expect([child.exitCode, child.seen.stdout]).toEqual([0, 'true\n'])
})

test('exit-at-boot ends it with the message before its first line', async () => {
  give({ fault: 'exit-at-boot', message: 'the lens is missing' })
  const child = start('console.log("here")')
  await until('it ends', () => child.exitCode !== null)
  expect([child.exitCode, child.seen.stdout]).toEqual([1, ''])
  expect(child.seen.stderr).toContain('Error: the lens is missing')
})

test('abort ends it as native code does', async () => {
  const child = start(printsEvery20Ms('1'))
  await until('it runs', () => child.seen.stdout !== '')
  give({ fault: 'abort' })
  await until('it is gone', () => child.signalCode !== null)
  expect(child.signalCode).toBe('SIGABRT')
})

test('clock shifts the wall clock there and back, and leaves the monotonic one alone', async () => {
  const child = start(
    printsEvery20Ms('Math.round((new Date() - performance.timeOrigin - performance.now()) / 36e5) + 0'),
  )
  const last = () => child.seen.stdout.trimEnd().split('\n').at(-1)
  await until('the clock is right', () => last() === '0')
  for (const hours of [1, -1, 0]) {
    give({ fault: 'clock', offsetMs: hours * 3_600_000 })
    await until(`the clock is ${hours} h off`, () => Number(last()) === hours)
  }
})

test('leak grows up to its bound and stays', async () => {
  const child = start(printsEvery20Ms('process.memoryUsage().rss'))
  const rss = () => Number(child.seen.stdout.trimEnd().split('\n').at(-1))
  const before = await until('it runs', () => rss())
  give({ fault: 'leak', bytesPerSecond: 200e6, maxBytes: 100e6 })
  await until('it has grown', () => rss() > before + 90e6)
  expect(rss()).toBeLessThan(before + 160e6)
})

test('block stops the event loop for its time', async () => {
  const child = start(printsEvery20Ms('performance.now()'))
  await until('it runs', () => child.seen.stdout.split('\n').length > 5)
  give({ fault: 'block', ms: 600 })
  const gaps = () => {
    const times = child.seen.stdout.trimEnd().split('\n').map(Number)
    return times.slice(1).map((time, index) => time - (times[index] as number))
  }
  expect(await until('there is a gap', () => gaps().find((gap) => gap >= 595))).toBeGreaterThan(595)
})

test('flood writes to stderr and ends', async () => {
  const child = start(printsEvery20Ms('1'))
  let bytes = 0
  child.stderr?.on('data', (text: string) => {
    bytes += text.length
  })
  await until('it runs', () => child.seen.stdout !== '')
  give({ fault: 'flood', bytesPerSecond: 20e6, seconds: 1 })
  await until('much has come', () => bytes > 4e6)
  let last = -1
  await until('it has ended', () => {
    const isQuiet = bytes === last
    last = bytes
    return isQuiet
  })
})

test('grandchildren are processes of their own', async () => {
  const child = start(printsEvery20Ms('1'))
  await until('it runs', () => child.seen.stdout !== '')
  give({ fault: 'grandchildren', count: 2 })
  const parentOf = (pid: string) => /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  const born = () =>
    readdirSync('/proc').filter((name) => {
      try {
        return /^\d+$/.test(name) && parentOf(name) === String(child.pid)
      } catch {
        return false // it has just ended
      }
    })
  const pids = await until('they are there', () => born().length === 2 && born())
  for (const pid of pids) process.kill(Number(pid), 'SIGKILL')
})

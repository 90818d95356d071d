import { systemClock } from '@imgsvc/core/clock'
import type { Logger } from '@imgsvc/core/log'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type InitSystem, missingForNotify, startInitSystem } from '../../test/fixtures/init-system.ts'
import { notifyThrough } from './notify-socket.ts'
import { createSystemd, type Systemd, watchdogMs } from './systemd.ts'

const isSkipped = missingForNotify.length > 0 && process.env.CI !== 'true'
if (isSkipped) process.stderr.write(`systemd.test.ts is skipped: ${missingForNotify.join(', ')} missing\n`)

let init: InitSystem
let warnings: unknown[]
let systemd: Systemd | undefined
let isHealthy: boolean

beforeEach(async () => {
  ;[warnings, isHealthy] = [[], true]
  if (!isSkipped) init = await startInitSystem()
})
afterEach(async () => {
  await systemd?.close()
  systemd = undefined
  init?.close()
})

function begin(env: Record<string, string> = {}): Systemd {
  const all = { PATH: process.env.PATH, NOTIFY_SOCKET: init.socket, ...env }
  const log = { warn: (fields: unknown) => warnings.push(fields), error: () => {} } as unknown as Logger
  systemd = createSystemd({
    notify: notifyThrough(all),
    env: all,
    pid: process.pid,
    clock: systemClock,
    log,
    healthy: async () => isHealthy,
  })
  return systemd
}

const told = () => init.told()

describe.skipIf(isSkipped)('what the init system is told over a real datagram socket', () => {
  test('ready with a status, reloading and ready again, stopping, in this order', async () => {
    const it = begin()
    it.status('1 of 2 workers')
    it.ready()
    expect(await it.reloading(async () => 5)).toBe(5)
    await expect(it.reloading(() => Promise.reject(new Error('bad')))).rejects.toThrow('bad')
    it.stopping()
    await it.close()
    const ready = ['READY=1', 'STATUS=1 of 2 workers']
    const reloading = ['RELOADING=1', expect.stringMatching(/^MONOTONIC_USEC=\d+$/)]
    await expect.poll(told).toEqual([ready, reloading, ready, reloading, ready, ['STOPPING=1', 'STATUS=stopping']])
  })

  test('the status once a second at most, the newest', async () => {
    const it = begin()
    for (let n = 0; n < 50; n++) it.status(`status ${n}`)
    await expect.poll(told, { timeout: 10_000 }).toEqual([['STATUS=status 49']])
  })

  test('the watchdog at half of its time, only after ready, and only while healthy', async () => {
    const it = begin({ WATCHDOG_USEC: '400000', WATCHDOG_PID: String(process.pid) })
    const fed = () => told().filter(([line]) => line === 'WATCHDOG=1').length
    expect(fed()).toBe(0)
    it.ready()
    await expect.poll(fed, { timeout: 10_000 }).toBeGreaterThanOrEqual(3)
    isHealthy = false
    // What was on its way has arrived once a later message has.
    it.stopping()
    await expect.poll(() => told().some(([line]) => line === 'STOPPING=1')).toBe(true)
    const before = fed()
    await systemClockTurns(3, 200)
    expect(fed()).toBe(before)
    isHealthy = true
    await expect.poll(fed, { timeout: 10_000 }).toBeGreaterThan(before)
  })

  test('nobody there: one warning, and nothing else happens', async () => {
    const it = begin({ NOTIFY_SOCKET: `${init.socket}-nobody` })
    it.ready()
    it.stopping()
    await it.close()
    expect(warnings).toHaveLength(1)
  })
})

test('a watchdog that waits for another process, or for none, is not fed', () => {
  expect(watchdogMs({ WATCHDOG_USEC: '30000000' }, 7)).toBe(15_000)
  expect(watchdogMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' }, 7)).toBe(15_000)
  expect(watchdogMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '8' }, 7)).toBeUndefined()
  for (const WATCHDOG_USEC of ['', '0', '-5', 'x']) expect(watchdogMs({ WATCHDOG_USEC }, 7)).toBeUndefined()
})

/** Lets so many periods pass. */
function systemClockTurns(count: number, ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * ms))
}

import { afterEach, beforeEach, expect, test } from 'vitest'
import { type InitSystem, missingForNotify, startInitSystem } from '../fixtures/init-system.ts'
import { startInstance } from './instance.ts'
import { until } from './until.ts'

const isSkipped = missingForNotify.length > 0 && process.env.CI !== 'true'
if (isSkipped) process.stderr.write(`notify.e2e.test.ts is skipped: ${missingForNotify.join(', ')} missing\n`)

let init: InitSystem
beforeEach(async () => {
  if (!isSkipped) init = await startInitSystem()
})
afterEach(() => init?.close())

test.skipIf(isSkipped)(
  'the service tells when it is ready, reloads and stops, and feeds the watchdog in between',
  async () => {
    const config = 'sources: [{ type: file, root: . }]\nbalancer: { count: 1 }\n'
    const it = await startInstance({
      workers: 1,
      config,
      env: { NOTIFY_SOCKET: init.socket, WATCHDOG_USEC: '2000000' },
    })
    const fed = () => init.told().filter(([line]) => line === 'WATCHDOG=1').length
    try {
      await until('it is ready', () => init.told().some(([line]) => line === 'READY=1'))
      expect(init.told().find(([line]) => line === 'READY=1')).toEqual([
        'READY=1',
        'STATUS=1 of 1 workers, 1 of 1 balancers',
      ])
      await until('the watchdog is fed', () => fed() >= 2)
      expect((await it.cli('reload')).code).toBe(0)
      await until('the reload is told', () => init.told().some(([line]) => line === 'RELOADING=1'))
      await until('and its end', () => init.told().filter(([line]) => line === 'READY=1').length === 2)
      await it.cli('stop', 'worker:0')
      await until('the status follows', () =>
        init.told().some(([line]) => line === 'STATUS=0 of 1 workers, 1 of 1 balancers'),
      )
    } finally {
      await it.stop()
    }
    const last = init
      .told()
      .filter(([line]) => line !== 'WATCHDOG=1')
      .at(-1)
    expect(last).toEqual(['STOPPING=1', 'STATUS=stopping'])
  },
)

import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCrashes } from '../../src/crashes/store.ts'
import { type Instance, startInstance } from './instance.ts'
import { startTraffic } from './traffic.ts'
import { until } from './until.ts'

let instance: Instance
beforeAll(async () => {
  const preload = `NODE_OPTIONS=--import=${new URL('./leak.mjs', import.meta.url)}`
  const settings = ['workers.maxMemory=700MB', `workers.environment=[${JSON.stringify(preload)}]`]
  instance = await startInstance({ workers: 2, args: settings.flatMap((setting) => ['--set', setting]) })
})
afterAll(() => instance?.stop())

test('a worker that leaks is replaced before its cap, and no request is lost', async () => {
  const workerOf = async () => (await instance.status()).find(({ id }) => id === 'worker:1')
  const pid = (await workerOf())?.pid as number
  const traffic = startTraffic(instance)
  await until('traffic flows', () => traffic.answered() > 20)
  process.kill(pid, 'SIGUSR2')
  await until(
    'it is replaced',
    async () => {
      const now = await workerOf()
      return now?.state === 'RUNNING' && now.pid !== pid
    },
    90_000,
  )
  const before = traffic.answered()
  await until('traffic flows on', () => traffic.answered() > before + 20)
  expect(await traffic.stop()).toEqual([])
  const [record] = await until('the crash is recorded', async () => {
    const found = await readCrashes(join(instance.stateDir, 'crashes'))
    return found.length > 0 && found
  })
  expect(record).toMatchObject({ process: 'worker:1', pid, reason: 'memory', signal: null })
  // Drained and stopped, not killed.
  expect((await workerOf())?.lastExit).toMatchObject({ code: 0, signal: null })
}, 150_000)

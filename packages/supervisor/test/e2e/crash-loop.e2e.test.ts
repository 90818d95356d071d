import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Instance, startInstance } from './instance.ts'
import { holdPort } from './ports.ts'
import { startTraffic } from './traffic.ts'
import { until } from './until.ts'

let instance: Instance
beforeAll(async () => {
  instance = await startInstance({ workers: 2, args: ['--set', 'workers.startRetries=2'] })
})
afterAll(() => instance?.stop())

test('a worker that keeps dying becomes FATAL while the other serves; restart brings it back', async () => {
  const traffic = startTraffic(instance)
  const killed = new Set<number>()
  await until('worker:1 is FATAL', async () => {
    const one = (await instance.status()).find(({ id }) => id === 'worker:1')
    if (one?.state === 'RUNNING' && one.pid !== null && !killed.has(one.pid)) {
      killed.add(one.pid)
      process.kill(one.pid, 'SIGKILL')
    }
    return one?.state === 'FATAL'
  })
  expect(killed.size).toBeGreaterThanOrEqual(2)
  const { code, stdout } = await instance.cli('status')
  expect(code).toBe(3)
  expect(stdout).toMatch(/^worker:1 FATAL: .*SIGKILL/m)
  expect((await instance.cli('status', 'worker:0', 'balancer')).code).toBe(0)
  const restarted = await instance.cli('restart', 'worker:1')
  expect(restarted.code, restarted.stdout).toBe(0)
  expect((await instance.cli('status')).code).toBe(0)
  expect(await traffic.stop()).toEqual([])
})

test('a worker whose port is taken cannot start: exit code 7 and the holder is named', async () => {
  expect((await instance.cli('stop', 'worker:1')).code).toBe(0)
  expect((await instance.cli('status', 'worker:1')).code).toBe(3)
  const taken = await holdPort(instance.ports.workers + 1)
  try {
    const { code, stdout } = await instance.cli('start', 'worker:1')
    expect(code, stdout).toBe(7)
    expect(stdout).toMatch(new RegExp(`^worker:1 .*${taken.port}.*pid ${process.pid}`, 'm'))
  } finally {
    await taken.release()
  }
  const started = await instance.cli('start', 'worker:1')
  expect(started.code, started.stdout).toBe(0)
})

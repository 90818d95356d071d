import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProcessInfo } from '@imgsvc/core/control'
import { afterEach, expect, test } from 'vitest'
import { type Instance, type InstanceOptions, startInstance } from './instance.ts'
import { isAlive, processesOf } from './processes.ts'
import { startTraffic } from './traffic.ts'
import { until } from './until.ts'

let instance: Instance | undefined
afterEach(async () => {
  await instance?.stop()
  instance = undefined
})

const start = async (options: InstanceOptions): Promise<Instance> => {
  instance = await startInstance(options)
  return instance
}

/** Another supervisor in the same place, once the first has been killed. */
async function succeed(first: Instance, options: InstanceOptions): Promise<Instance> {
  await first.killSupervisor()
  return start({ ...options, inPlaceOf: first })
}

const pidsOf = (processes: readonly ProcessInfo[]) => processes.map(({ id, pid }) => `${id} ${pid}`)
const find = async (at: Instance, id: string) => (await at.status()).find((one) => one.id === id) as ProcessInfo
const FOUR = { workers: 4 }

test('a new supervisor adopts the children of a killed one, and no request is lost through all that follows', async () => {
  const first = await start(FOUR)
  const before = await first.status()
  const traffic = startTraffic(first)
  const flows = async () => {
    const answered = traffic.answered()
    await until('traffic flows', () => traffic.answered() > answered + 20)
  }
  await flows()

  const killedAt = Date.now()
  await first.killSupervisor()
  const accessLog = join(first.stateDir, 'logs', 'balancer-0.log')
  const logged = readFileSync(accessLog).length
  await flows()
  expect(readFileSync(accessLog).length).toBeGreaterThan(logged)

  const second = await start({ ...FOUR, inPlaceOf: first })
  const after = await second.status()
  expect(pidsOf(after)).toEqual(pidsOf(before))
  expect(new Set(after.map(({ state }) => state))).toEqual(new Set(['RUNNING']))
  for (const { since } of after) expect(since).toBeLessThanOrEqual(killedAt)
  await flows()

  const killed = after.find(({ id }) => id === 'worker:0')?.pid as number
  process.kill(killed, 'SIGKILL')
  const fresh = await until('worker:0 is replaced', async () => {
    const one = await find(second, 'worker:0')
    return one.state === 'RUNNING' && one.pid !== killed && one
  })
  expect(fresh).toMatchObject({ restarts: 1, lastExit: { code: null, signal: null } })
  expect((await second.cli('status')).stdout).toMatch(/^worker:0 .* unknown \d+s ago$/m)
  await flows()

  const restarted = await second.cli('restart', 'worker:1')
  expect(restarted.code, restarted.stdout + restarted.stderr).toBe(0)
  await flows()
  expect(await traffic.stop()).toEqual([])

  const all = processesOf(first.stateDir)
  expect((await second.cli('down')).code).toBe(0)
  expect(all.filter(isAlive)).toEqual([])
})

test('adopted workers that are too many are stopped, others are drained and put back, and a third supervisor follows', async () => {
  const first = await start({ workers: 3 })
  const [balancer, zero] = (await first.status()) as [ProcessInfo, ProcessInfo]
  const traffic = startTraffic(first)
  const second = await succeed(first, { workers: 2 })
  await until('worker:2 is gone', async () => (await second.status()).length === 3)
  expect((await second.cli('drain', 'worker:1')).code).toBe(0)
  expect(await find(second, 'worker:1')).toMatchObject({ state: 'RUNNING', draining: true })
  const third = await succeed(second, { workers: 2 })
  await third.untilState('worker:1', 'RUNNING')
  expect((await third.cli('drain', 'worker:1')).code).toBe(0)
  expect((await third.cli('undrain', 'worker:1')).code).toBe(0)
  expect(pidsOf((await third.status()).slice(0, 2))).toEqual(pidsOf([balancer, zero]))
  expect(await traffic.stop()).toEqual([])
})

test('a changed configuration reaches adopted workers without a lost request', async () => {
  const first = await start({ workers: 2 })
  const [balancer, ...workers] = (await first.status()) as [ProcessInfo, ProcessInfo, ProcessInfo]
  const traffic = startTraffic(first)
  const second = await succeed(first, { workers: 2, args: ['--set', 'workers.renders=3'] })
  await until('both workers are new', async () => {
    const now = await second.status()
    return now.every(({ id, state, restarts }) => state === 'RUNNING' && restarts === (id === 'balancer:0' ? 0 : 1))
  })
  expect(workers.map(({ pid }) => pid as number).filter(isAlive)).toEqual([])
  expect(await find(second, 'balancer:0')).toMatchObject({ pid: balancer.pid })
  expect(await traffic.stop()).toEqual([])
})

test('when supervisor and balancer were killed, the workers are adopted and a new balancer serves', async () => {
  const first = await start({ workers: 2 })
  const before = await first.status()
  await first.killSupervisor()
  process.kill(before[0]?.pid as number, 'SIGKILL')
  const second = await start({ workers: 2, inPlaceOf: first })
  const after = await second.status()
  expect(pidsOf(after.slice(1))).toEqual(pidsOf(before.slice(1)))
  expect(after[0]?.pid).not.toBe(before[0]?.pid)
  expect((await second.get('60x40/flower.jpg')).status).toBe(200)
})

test('adopted balancers are replaced, after a death and by a restart, without a refused connection', async () => {
  const two = { workers: 1, args: ['--set', 'balancer.count=2'] }
  const first = await start(two)
  await first.untilState('balancer:1', 'RUNNING')
  const second = await succeed(first, two)
  const [zero, one] = (await second.status()) as [ProcessInfo, ProcessInfo]
  // Requests in the hands of a killed balancer are lost with it; what counts here is that connections are accepted.
  process.kill(zero.pid as number, 'SIGKILL')
  await until('balancer:0 is replaced', async () => {
    const { state, pid } = await find(second, 'balancer:0')
    return state === 'RUNNING' && pid !== zero.pid
  })
  const traffic = startTraffic(second)
  await until('traffic flows', () => traffic.answered() > 20)
  const restarted = await second.cli('restart', 'balancer')
  expect(restarted.code, restarted.stdout + restarted.stderr).toBe(0)
  expect(isAlive(one.pid as number)).toBe(false)
  expect(await traffic.stop()).toEqual([])
  expect((await second.cli('status')).code).toBe(0)
})

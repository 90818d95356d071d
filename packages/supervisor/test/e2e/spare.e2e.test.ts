import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SupervisorInfo } from '@imgsvc/core/control'
import { rpcClient } from '@imgsvc/core/rpc-client'
import { statePaths } from '@imgsvc/core/state-dir'
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

const info = ({ stateDir }: Instance): Promise<SupervisorInfo> =>
  rpcClient<{ 'supervisor.info': { params: Record<string, never>; result: SupervisorInfo } }>(
    statePaths(stateDir).supervisorSocket,
  ).call('supervisor.info', {})

/** The pid of a spare that waits. */
const untilSpare = (at: Instance, not = 0): Promise<number> =>
  until('a spare waits', async () => {
    const { spare } = await info(at)
    return spare?.state === 'waiting' && spare.pid !== null && spare.pid !== not && spare.pid
  })

const find = async (at: Instance, id: string) => (await at.status()).find((one) => one.id === id)

test('a killed worker is replaced by the spare without a lost request, and a new spare follows', async () => {
  const at = await start({ workers: 2 })
  const spare = await untilSpare(at)
  expect((await at.cli('status')).stdout).toMatch(new RegExp(`^spare worker: pid ${spare} waiting, \\d+ MB$`, 'm'))
  expect(await at.status()).toHaveLength(3)

  const traffic = startTraffic(at)
  const output = join(at.stateDir, 'logs', 'worker-1.stderr.log')
  const killed = (await find(at, 'worker:1'))?.pid as number
  writeFileSync(output, 'what the dead one said\n', { flag: 'a' })
  process.kill(killed, 'SIGKILL')
  const fresh = await until('worker:1 is back', async () => {
    const one = await find(at, 'worker:1')
    return one?.state === 'RUNNING' && one.pid !== killed && one
  })
  expect(fresh).toMatchObject({ pid: spare, restarts: 1, lastExit: { signal: 'SIGKILL' } })
  expect((await fetch(`http://127.0.0.1:${fresh.port}/readyz`)).status).toBe(200)
  expect(readFileSync(output, 'utf8')).toBe('what the dead one said\n')
  // Its own log, under its own name.
  expect(readFileSync(join(at.stateDir, 'logs', 'worker-1.log'), 'utf8')).toContain(`"id":"worker:1","pid":${spare}`)
  await untilSpare(at, spare)
  const metrics = await (await fetch(`${at.admin}/metrics`)).text()
  expect(metrics).toMatch(/^imgsvc_spare_asked_total\{result="used"\} 1$/m)
  expect(metrics).toMatch(/^imgsvc_spare_workers 1$/m)
  expect(await traffic.stop()).toEqual([])
})

test('what a former spare says before it dies is in its crash record', async () => {
  const at = await start({ workers: 2 })
  const spare = await untilSpare(at)
  process.kill((await find(at, 'worker:1'))?.pid as number, 'SIGKILL')
  await until('the spare is worker:1', async () => (await find(at, 'worker:1'))?.pid === spare)
  // Through its descriptor, as Node and native code do.
  writeFileSync(`/proc/${spare}/fd/2`, 'the lens fell out\n', { flag: 'a' })
  process.kill(spare, 'SIGSEGV')
  await until('the reason is known', async () =>
    (await at.cli('crashes', '--json')).stdout.includes('the lens fell out'),
  )
})

test('a spare that is killed or stopped costs nothing: another one follows, and crashed workers come back', async () => {
  const at = await start({ workers: 2 })
  const first = await untilSpare(at)
  process.kill(first, 'SIGKILL')
  const second = await untilSpare(at, first)
  process.kill(second, 'SIGSTOP')
  const killed = (await find(at, 'worker:0'))?.pid as number
  process.kill(killed, 'SIGKILL')
  await until('worker:0 is back', async () => {
    const one = await find(at, 'worker:0')
    return one?.state === 'RUNNING' && one.pid !== killed && one.pid !== second
  })
  await untilSpare(at, second)
  expect(isAlive(second)).toBe(false)
})

test('workers.spare is live, and a restart that was asked for brings a new spare', async () => {
  const at = await start({ workers: 1, config: 'workers: { spare: 1 }\n' })
  const first = await untilSpare(at)
  expect((await at.cli('restart', 'worker')).code).toBe(0)
  expect((await find(at, 'worker:0'))?.pid).not.toBe(first)
  const second = await untilSpare(at, first)
  writeFileSync(at.configFile, 'workers: { spare: 0 }\n')
  expect((await at.cli('reload')).code).toBe(0)
  await until('it is gone', () => !isAlive(second))
  expect((await info(at)).spare).toBeNull()
})

test('a spare ends with its supervisor, and what it has become does not', async () => {
  const first = await start({ workers: 2 })
  const promoted = await untilSpare(first)
  process.kill((await find(first, 'worker:1'))?.pid as number, 'SIGKILL')
  const waiting = await untilSpare(first, promoted)
  await first.killSupervisor()
  await until('the spare is gone', () => !isAlive(waiting))
  expect(isAlive(promoted)).toBe(true)
  expect(processesOf(first.stateDir)).toContain(promoted)
  const second = await start({ workers: 2, inPlaceOf: first })
  expect(await find(second, 'worker:1')).toMatchObject({ pid: promoted, state: 'RUNNING' })
})

import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Instance, startInstance } from './instance.ts'
import { isAlive } from './processes.ts'
import { startTraffic } from './traffic.ts'
import { until } from './until.ts'

let instance: Instance
beforeAll(async () => {
  instance = await startInstance({ workers: 2 })
})
afterAll(() => instance?.stop())

const pidOf = async (id: string) => (await instance.status()).find((one) => one.id === id)?.pid ?? 0
const workers = async () => (await instance.status()).filter(({ id }) => id.startsWith('worker:')).map(({ id }) => id)

/** Traffic while something happens: everything must be answered, before, during and after. */
async function withoutFailure(happens: () => Promise<void>) {
  const traffic = startTraffic(instance)
  await until('traffic flows', () => traffic.answered() > 20)
  await happens()
  const before = traffic.answered()
  await until('traffic flows on', () => traffic.answered() > before + 20)
  expect(await traffic.stop()).toEqual([])
}

test('a killed worker is replaced and no request is lost', async () => {
  await withoutFailure(async () => {
    const killed = await pidOf('worker:0')
    process.kill(killed, 'SIGKILL')
    const fresh = await until('worker:0 runs again', async () => {
      const one = (await instance.status()).find(({ id }) => id === 'worker:0')
      return one?.state === 'RUNNING' && one.pid !== killed && one
    })
    expect(fresh).toMatchObject({ restarts: 1, lastExit: { code: null, signal: 'SIGKILL' } })
  })
})

test('restart worker:1 replaces that process alone and loses no request', async () => {
  await withoutFailure(async () => {
    const [other, old] = [await pidOf('worker:0'), await pidOf('worker:1')]
    const { code, stdout, stderr } = await instance.cli('restart', 'worker:1')
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/^worker:1 {2}RUNNING {2}pid \d+ {2}\d+\.\d s\n$/)
    expect(isAlive(old)).toBe(false)
    expect([await pidOf('worker:0'), await pidOf('worker:1')]).toEqual([other, Number(/pid (\d+)/.exec(stdout)?.[1])])
  })
})

test('restart worker replaces every worker, one after the other, and loses no request', async () => {
  await withoutFailure(async () => {
    const old = [await pidOf('worker:0'), await pidOf('worker:1')]
    const { code, stdout, stderr } = await instance.cli('restart', 'worker')
    expect(code, stderr).toBe(0)
    expect(stdout.trim().split('\n')).toHaveLength(2)
    expect(old.filter(isAlive)).toEqual([])
  })
})

test('scale 3 and back to 1 loses no request', async () => {
  await withoutFailure(async () => {
    const more = await instance.cli('scale', '3')
    expect(more.code, more.stderr).toBe(0)
    expect(await workers()).toEqual(['worker:0', 'worker:1', 'worker:2'])
    expect((await instance.untilState('worker:2', 'RUNNING')).port).toBe(instance.ports.workers + 2)
    const gone = [await pidOf('worker:1'), await pidOf('worker:2')]
    const fewer = await instance.cli('scale', '1')
    expect(fewer.code, fewer.stderr).toBe(0)
    expect(await workers()).toEqual(['worker:0'])
    expect(gone.filter(isAlive)).toEqual([])
  })
})

test('a drained worker gets no request until it is put back', async () => {
  expect((await instance.cli('scale', '2')).code).toBe(0)
  await withoutFailure(async () => {
    const { code, stderr } = await instance.cli('drain', 'worker:1')
    expect(code, stderr).toBe(0)
    expect((await instance.status()).find(({ id }) => id === 'worker:1')).toMatchObject({
      draining: true,
      state: 'RUNNING',
    })
    expect((await instance.cli('undrain', 'worker:1')).code).toBe(0)
    expect((await instance.status()).find(({ id }) => id === 'worker:1')).toMatchObject({ draining: false })
  })
})

test('a run directory that was removed comes back, and with it a restarted worker', async () => {
  await withoutFailure(async () => {
    // In one step: what the others put back meanwhile must not be in the way.
    renameSync(join(instance.stateDir, 'run'), join(instance.home, 'gone'))
    const restarted = await until('the supervisor answers again', async () => {
      const result = await instance.cli('restart', 'worker:0')
      return result.code !== 4 && result
    })
    expect(restarted.code, restarted.stderr).toBe(0)
    expect(restarted.stdout).toMatch(/^worker:0 {2}RUNNING/)
  })
})

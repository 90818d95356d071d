import { afterEach, beforeEach, expect, test } from 'vitest'
import { createInstance, type Instance } from '../test/fixtures/instance.ts'
import { fixtureRoles, isAlive } from '../test/fixtures/processes.ts'
import type { Roles } from './process/roles.ts'
import type { Succession } from './supervisor-options.ts'

let it: Instance
beforeEach(async () => {
  it = await createInstance()
})
afterEach(() => it.close())

/** A successor that is there and does nothing; `steps` tells what was asked of it. */
function succession(roles: Roles): Succession & { readonly steps: string[] } {
  const steps: string[] = []
  return {
    steps,
    kind: 'successor',
    async prepare() {
      steps.push('prepare')
      return { version: '2.0.0', roles, cancel: () => void steps.push('cancel') }
    },
  }
}

const fresh = (worker: readonly string[] = []) => fixtureRoles(worker, ['listen'])
const list = () => it.client.call('process.list', {})

test('all processes are of the new code, then the supervisor leaves them at work', async () => {
  const heir = succession(fresh(['lines=0']))
  const running = await it.upAndReady({ succession: heir })
  const before = (await list()).map(({ pid }) => pid as number)
  const result = await it.client.call('supervisor.upgrade', {}, { timeoutMs: 30_000 })
  expect(result).toMatchObject({ from: '1.2.3', to: '2.0.0', supervisor: 'successor' })
  expect(result.actions.map(({ id, ok }) => `${id} ${ok}`)).toEqual(['worker:0 true', 'balancer:0 true'])
  expect(await running.stopped).toEqual({ kind: 'handover' })
  expect(heir.steps).toEqual(['prepare'])
  const left = result.actions.map(({ pid }) => pid as number)
  expect([before.some(isAlive), left.every(isAlive)]).toEqual([false, true])
  // As the successor would: it adopts them under their pids.
  await it.upAndReady({ roles: fresh() })
  expect((await list()).map(({ pid }) => pid).sort()).toEqual(left.sort())
})

test('a canary that does not pass ends it: the heir is sent away, the supervisor goes on', async () => {
  const heir = succession(fresh(['crash']))
  await it.upAndReady({ succession: heir })
  const before = await list()
  const result = await it.client.call('supervisor.upgrade', {}, { timeoutMs: 30_000 })
  expect(result).toMatchObject({ supervisor: 'none', actions: [{ id: 'worker:1', ok: false }, {}, {}] })
  expect(heir.steps).toEqual(['prepare', 'cancel'])
  expect((await list()).map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid))
  // What failed is not tried by those that start later.
  await it.client.call('process.stop', { select: ['worker:0'] })
  expect(await it.client.call('process.start', { select: ['worker:0'] })).toMatchObject([{ ok: true }])
})

test('a process that was stopped by hand is left alone', async () => {
  it.config.workers = { ...(it.config.workers as object), count: 2 }
  await it.upAndReady({ succession: succession(fresh()) })
  await it.client.call('process.stop', { select: ['worker:1'] })
  const { actions } = await it.client.call('supervisor.upgrade', {}, { timeoutMs: 30_000 })
  expect(actions.map(({ id }) => id)).toEqual(['worker:0', 'balancer:0'])
  await it.upAndReady({ roles: fresh() })
})

test('one that cannot be replaced says so', async () => {
  await it.upAndReady()
  await expect(it.client.call('supervisor.upgrade', {})).rejects.toMatchObject({ code: 'UPGRADE_FAILED' })
})

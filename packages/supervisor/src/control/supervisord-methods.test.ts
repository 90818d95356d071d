import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LogLine } from '@imgsvc/core/control'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createInstance, type Instance } from '../../test/fixtures/instance.ts'
import { fixtureRoles } from '../../test/fixtures/processes.ts'

let it: Instance
beforeEach(async () => {
  it = await createInstance()
})
afterEach(() => it.close())

const stateOf = async (id: string) => (await it.client.call('process.list', { select: [id] }))[0]

test('a signal reaches the process, which is started again when it ended by it', async () => {
  await it.upAndReady()
  const before = await stateOf('worker:0')
  expect(await it.client.call('process.signal', { select: ['worker:*'], signal: '9' })).toMatchObject([
    { id: 'worker:0', ok: true, pid: before?.pid },
  ])
  await expect
    .poll(async () => {
      const { state, pid } = (await stateOf('worker:0')) ?? {}
      return state === 'RUNNING' && pid !== before?.pid
    })
    .toBe(true)
  expect((await stateOf('worker:0'))?.lastExit).toMatchObject({ signal: 'SIGKILL' })
})

test('a signal to what does not run is not ok, and a name that is no signal is refused', async () => {
  await it.upAndReady()
  await it.client.call('process.stop', { select: ['worker:0'] })
  expect(await it.client.call('process.signal', { select: ['worker:0'], signal: 'TERM' })).toMatchObject([
    { ok: false, reason: 'is not running' },
  ])
  await expect(it.client.call('process.signal', { select: ['worker:0'], signal: 'SIGNOPE' })).rejects.toMatchObject({
    code: 'CONTROL_PARAMS_INVALID',
    detail: expect.stringContaining('expected a signal such as SIGTERM, TERM or 15'),
  })
})

test('workers start before the balancers and stop after them, each role when the other is done', async () => {
  await it.upAndReady()
  const { call } = it.client
  const stopped = await call('process.stop', { select: ['all'] })
  expect(stopped.map(({ id, state }) => `${id} ${state}`)).toEqual(['balancer:0 STOPPED', 'worker:0 STOPPED'])
  const started = await call('process.start', { select: ['all'] })
  expect(started.map(({ id, state }) => `${id} ${state}`)).toEqual(['worker:0 RUNNING', 'balancer:0 RUNNING'])
  const moves = await stateChanges()
  // The last two rounds: what each process did since the stop began.
  expect(moves.slice(moves.indexOf('balancer:0 stopping'))).toEqual([
    ...['balancer:0 stopping', 'balancer:0 stopped', 'worker:0 stopping', 'worker:0 stopped'],
    ...['worker:0 starting', 'worker:0 running', 'balancer:0 starting', 'balancer:0 running'],
  ])
})

async function stateChanges(): Promise<readonly string[]> {
  let moves: readonly string[] = []
  await expect
    .poll(async () => {
      const entries = await readAll({ select: ['supervisor'], lines: 1000 })
      moves = entries
        .map(({ line }) => JSON.parse(line) as { msg: string; process?: string; to?: string })
        .filter(({ msg }) => msg === 'state changed')
        .map(({ process, to }) => `${process} ${to}`)
      return moves.filter((move) => move === 'balancer:0 running').length
    })
    .toBe(2)
  return moves
}

async function readAll(params: object): Promise<readonly LogLine[]> {
  const lines: LogLine[] = []
  for await (const line of await it.client.call('log.tail', params)) lines.push(line)
  return lines
}

test('log.clear empties both files of a process in place and leaves rotated ones', async () => {
  await it.upAndReady({ roles: fixtureRoles(['lines=3'], ['listen']) })
  await expect.poll(it.notes).toContain('worker:0 lines written')
  const path = (name: string) => join(it.dir, 'logs', name)
  writeFileSync(path('worker-0.log.1'), 'old\n')
  writeFileSync(path('worker-0.stderr.log'), 'raw\n')
  expect(await readAll({ select: ['worker:0'], stream: 'stderr' })).toEqual([{ id: 'worker:0', line: 'raw' }])
  expect(await it.client.call('log.clear', { select: ['worker:0'] })).toEqual([{ id: 'worker:0', ok: true }])
  expect(readFileSync(path('worker-0.log'), 'utf8')).toBe('')
  expect(readFileSync(path('worker-0.stderr.log'), 'utf8')).toBe('')
  expect(readFileSync(path('worker-0.log.1'), 'utf8')).toBe('old\n')
})

import type { LogLine } from '@imgsvc/core/control'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { askPort, createInstance, type Instance } from '../../test/fixtures/instance.ts'
import { fixtureRoles } from '../../test/fixtures/processes.ts'

let it: Instance
beforeEach(async () => {
  it = await createInstance()
})
afterEach(() => it.close())

describe('the control socket', () => {
  test('start, stop, restart, drain, undrain and scale act and report', async () => {
    await it.upAndReady()
    const call = it.client.call
    expect(await call('process.scale', { workers: 2 })).toMatchObject([{ id: 'worker:1', ok: true, state: 'RUNNING' }])
    expect(await call('process.stop', { select: ['worker:0'] })).toMatchObject([{ ok: true, state: 'STOPPED' }])
    expect(await call('process.start', { select: [`worker:${it.ports.base}`] })).toMatchObject([
      { id: 'worker:0', ok: true },
    ])
    expect(await call('process.drain', { select: ['worker:1'] })).toMatchObject([{ ok: true }])
    expect((await call('process.list', { select: ['worker:1'] }))[0]).toMatchObject({
      draining: true,
      state: 'RUNNING',
    })
    expect(await call('process.undrain', { select: ['worker:1'] })).toMatchObject([{ ok: true }])
    const restarted = await call('process.restart', { select: ['all'] })
    expect(restarted.map(({ id, ok }) => `${id} ${ok}`)).toEqual(['worker:0 true', 'worker:1 true', 'balancer:0 true'])
    expect(await call('process.scale', { workers: 1 })).toMatchObject([{ id: 'worker:1', state: 'STOPPED' }])
  })

  test('restarting the only balancer refuses no connection', async () => {
    await it.upAndReady()
    const pids = new Set<string>()
    const over = new AbortController()
    const traffic = (async () => {
      while (!over.signal.aborted) pids.add((await askPort(it.ports.listen, '/')).body)
    })()
    const [before] = await it.client.call('process.list', { select: ['balancer'] })
    expect(await it.client.call('process.restart', { select: ['balancer'] })).toMatchObject([
      { id: 'balancer:0', ok: true },
    ])
    const after = await it.client.call('process.list', { select: ['balancer'] })
    over.abort()
    await traffic
    expect(after.map(({ id }) => id)).toEqual(['balancer:0'])
    expect(after[0]?.pid).not.toBe(before?.pid)
    expect(pids.size).toBeGreaterThanOrEqual(2)
  })

  test('mistakes are answered with their codes', async () => {
    await it.upAndReady()
    const call = it.client.call
    await expect(call('process.stop', { select: ['worker:9'] })).rejects.toMatchObject({ code: 'PROCESS_UNKNOWN' })
    await expect(call('process.stop', { select: ['nginx'] })).rejects.toMatchObject({ code: 'SELECTOR_INVALID' })
    await expect(call('process.scale', { workers: 0 })).rejects.toMatchObject({ code: 'CONTROL_PARAMS_INVALID' })
    await expect(call('log.tail', { select: ['worker:9'] })).rejects.toMatchObject({ code: 'PROCESS_UNKNOWN' })
    await expect(call('no.such' as 'process.list', {})).rejects.toMatchObject({ code: 'CONTROL_METHOD_UNKNOWN' })
  })

  test('config.show masks secrets and tells origins', async () => {
    it.config.admin = { listen: `127.0.0.1:${it.ports.admin}`, token: 'very-secret' }
    await it.upAndReady()
    const shown = await it.client.call('config.show', {})
    expect(shown).toMatchObject({ config: { admin: { token: '***' } }, origins: { listen: 'flag:--listen' } })
  })

  test('log.tail gives the last lines of a process and of the supervisor, and follows', async () => {
    await it.upAndReady({ roles: fixtureRoles(['lines=30'], ['listen']) })
    await expect.poll(it.notes).toContain('worker:0 lines written')
    const read = async (params: object) => {
      const lines: LogLine[] = []
      for await (const line of await it.client.call('log.tail', params)) lines.push(line)
      return lines
    }
    expect(await read({ select: ['worker:0'], lines: 2 })).toEqual([
      { id: 'worker:0', line: '{"id":"worker:0","n":28}' },
      { id: 'worker:0', line: '{"id":"worker:0","n":29}' },
    ])
    const own = () => read({ select: ['supervisor'], lines: 100 })
    await expect.poll(async () => (await own()).some(({ line }) => line.includes('the public port answers'))).toBe(true)
    const leave = new AbortController()
    const stream = await it.client.call(
      'log.tail',
      { select: ['worker'], lines: 1, follow: true },
      { signal: leave.signal },
    )
    const lines = stream[Symbol.asyncIterator]()
    expect((await lines.next()).value).toMatchObject({ line: '{"id":"worker:0","n":29}' })
    leave.abort()
    await expect(lines.next()).rejects.toThrow()
  })

  test('log.reopen reaches every process', async () => {
    await it.upAndReady()
    expect(await it.client.call('log.reopen', {})).toEqual({ reopened: 3 })
  })
})

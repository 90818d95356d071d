import { createServer } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createInstance, type Instance } from '../../test/fixtures/instance.ts'
import { fixtureRoles } from '../../test/fixtures/processes.ts'

let it: Instance
beforeEach(async () => {
  it = await createInstance()
})
afterEach(() => it.close())

const worker = async () => (await it.client.call('process.list', { select: ['worker:0'] }))[0]

test('a worker whose port a stranger took comes back within seconds once it is free, and the stranger gets nothing', async () => {
  await it.upAndReady({ roles: fixtureRoles(['listen'], ['listen']) })
  await it.client.call('process.stop', { select: ['worker:0'] })
  const asked: string[] = []
  const stranger = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end()
  })
  await new Promise<void>((resolve) => stranger.listen(it.ports.base, '127.0.0.1', resolve))
  const [started] = await it.client.call('process.start', { select: ['worker:0'] })
  expect(started?.reason).toContain(`port ${it.ports.base} is taken by pid ${process.pid} (`)
  // Several failures on: the pause before the next try would be long by now.
  await expect.poll(async () => (await worker())?.state, { timeout: 10_000 }).toBe('BACKOFF')
  const freedAt = performance.now()
  await new Promise((resolve) => stranger.close(resolve))
  await expect.poll(worker, { timeout: 10_000, interval: 20 }).toMatchObject({ state: 'RUNNING', reason: null })
  expect(performance.now() - freedAt).toBeLessThan(5000)
  expect(asked).toEqual([])
})

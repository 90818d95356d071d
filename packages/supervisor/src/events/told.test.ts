import { request } from 'node:http'
import { join } from 'node:path'
import type { ServiceEvent } from '@imgsvc/core/events'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createInstance, type Instance } from '../../test/fixtures/instance.ts'

let it: Instance
beforeEach(async () => {
  it = await createInstance()
})
afterEach(() => it.close())

async function kept(types: readonly string[] = []): Promise<ServiceEvent[]> {
  const out: ServiceEvent[] = []
  for await (const event of await it.client.call('events', { types })) out.push(event)
  return out
}

const moves = async (process: string) =>
  (await kept(['state'])).flatMap((event) =>
    event.type === 'state' && event.process === process ? [`${event.from} ${event.to}`] : [],
  )

test('a start, a crash and a stop are told as they happen, with pid, exit and reason', async () => {
  await it.upAndReady()
  const [worker] = await it.client.call('process.list', { select: ['worker:0'] })
  const pid = worker?.pid as number
  process.kill(pid, 'SIGKILL')
  await expect
    .poll(() => moves('worker:0'), { timeout: 15_000 })
    .toEqual(['STOPPED STARTING', 'STARTING RUNNING', 'RUNNING STARTING', 'STARTING RUNNING'])
  const exit = { code: null, signal: 'SIGKILL' }
  const reason = 'was killed by SIGKILL'
  const ended = (await kept(['state:STARTING'])).at(-1)
  expect(ended).toMatchObject({ process: 'worker:0', from: 'RUNNING', pid, generation: 1, exit, reason })
  expect(await kept(['crash'])).toMatchObject([
    { process: 'worker:0', pid, generation: 1, cause: 'crash', exit, reason },
  ])
  const again = (await kept(['state:RUNNING'])).at(-1)
  expect(again).toMatchObject({ process: 'worker:0', generation: 2, reason: null, exit: null })
  await it.client.call('process.stop', { select: ['worker:0'] })
  expect((await kept(['state'])).slice(-2)).toMatchObject([
    { from: 'RUNNING', to: 'STOPPING', reason: null, exit: null },
    { from: 'STOPPING', to: 'STOPPED', exit: { code: 0 } },
  ])
  const seqs = (await kept()).map(({ seq }) => seq)
  expect(seqs).toEqual(seqs.map((_, index) => index + 1))
})

test('the supervisor tells of itself and of reloads, good and bad', async () => {
  const running = await it.upAndReady()
  const dir = join(it.paths.root, 'logs')
  await it.client.call('config.reload', { dryRun: true })
  it.config.logs = { dir, level: 'warn' }
  await it.client.call('config.reload', {})
  it.config.logs = { dir, level: 'loud' }
  await expect(it.client.call('config.reload', {})).rejects.toThrow()
  expect(await kept(['reload', 'supervisor'])).toMatchObject([
    { type: 'supervisor', to: 'started', pid: process.pid },
    { type: 'supervisor', to: 'ready' },
    { type: 'reload', ok: true, changed: ['logs.level'], needRestart: [], reason: null },
    { type: 'reload', ok: false, changed: [], reason: expect.stringMatching(/level/) },
  ])
  const stream = (await it.client.call('events', { follow: true, lines: 1 }))[Symbol.asyncIterator]()
  // The first one shows that it listens.
  await stream.next()
  const last: ServiceEvent[] = []
  const follow = (async () => {
    for (let next = await stream.next(); !next.done; next = await stream.next()) last.push(next.value)
  })()
  await running.stop()
  await follow
  expect(last[0]).toMatchObject({ type: 'supervisor', to: 'stopping' })
  expect(last.at(-1)).toMatchObject({ type: 'state', process: 'worker:0', to: 'STOPPED' })
})

test('a rotated log is told', async () => {
  it.config.logs = { dir: join(it.paths.root, 'logs'), maxBytes: '1KB' }
  await it.upAndReady()
  await expect
    .poll(() => kept(['rotation']), { timeout: 15_000 })
    .toContainEqual(expect.objectContaining({ ok: true, file: 'supervisor.log' }))
})

test('GET /v1/events answers JSON lines, and server-sent events to those who want them', async () => {
  await it.upAndReady()
  const { headers, body } = await it.ask('/v1/events?type=supervisor&lines=1')
  expect(headers['content-type']).toBe('application/x-ndjson')
  expect(
    body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ to: 'ready' }])
  const { text, close } = await follow('/v1/events?type=state:STOPPED&lines=0')
  await it.client.call('process.stop', { select: ['worker:0'] })
  await expect.poll(text).toMatch(/^id: \d+\nevent: state\ndata: \{.*"to":"STOPPED"\}\n\n$/)
  close()
  expect(await it.ask('/v1/events?type=weather')).toMatchObject({ status: 400 })
  expect(await it.ask('/v1/events', { headers: { host: 'evil.example' } })).toMatchObject({ status: 403 })
})

test('process.stats tells what every process has counted', async () => {
  await it.upAndReady()
  const stats = await it.client.call('process.stats', {})
  expect(stats.map(({ id, pid }) => [id, typeof pid])).toEqual([
    ['balancer:0', 'number'],
    ['worker:0', 'number'],
  ])
  await expect(it.client.call('process.stats', { select: ['worker:7'] })).rejects.toMatchObject({
    code: 'PROCESS_UNKNOWN',
  })
})

/** An open stream of server-sent events, as EventSource has it. */
function follow(path: string): Promise<{ text: () => string; close: () => void }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { port: it.ports.admin, host: '127.0.0.1', path, headers: { accept: 'text/event-stream' }, agent: false },
      (response) => {
        let text = ''
        expect(response.headers['content-type']).toBe('text/event-stream')
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.on('error', () => {})
        resolve({ text: () => text, close: () => sent.destroy() })
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}

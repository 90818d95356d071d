import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@imgsvc/core/clock'
import { type Config, configSchema } from '@imgsvc/core/config/schema'
import type { ServiceEvent } from '@imgsvc/core/events'
import type { Logger } from '@imgsvc/core/log'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createEventBus, type EventBus } from './bus.ts'
import { createHooks, type Hooks } from './hooks.ts'

interface Post {
  readonly headers: IncomingMessage['headers']
  readonly event: ServiceEvent
}

const home = mkdtempSync(join(tmpdir(), 'hk-'))
const counts: string[] = []
const warnings: { why?: string }[] = []
const log = {
  debug: () => {},
  warn: (fields: { why?: string }) => warnings.push(fields),
  error: (fields: { why?: string }) => warnings.push(fields),
} as unknown as Logger

let server: Server
let url: string
let posts: Post[]
/** What the server answers, one after the other; then 204. `0`: nothing. */
let answers: number[]
let bus: EventBus
let hooks: Hooks | undefined

beforeEach(async () => {
  ;[posts, answers] = [[], []]
  counts.length = 0
  warnings.length = 0
  bus = createEventBus({ clock: systemClock })
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    posts.push({ headers: request.headers, event: JSON.parse(body) })
    const status = answers.shift() ?? 204
    if (status > 0) response.writeHead(status, { location: `${url}/elsewhere` }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  await hooks?.close()
  server.closeAllConnections()
  server.close()
})

function begin(over: Record<string, unknown>): Hooks {
  const settings: Config['hooks'] = configSchema.parse({ sources: [{ type: 'file', root: '/' }], hooks: over }).hooks
  hooks = createHooks({
    bus,
    log,
    clock: systemClock,
    settings: () => settings,
    secret: () => settings.webhookSecret,
    env: process.env,
    counted: (hook, result) => counts.push(`${hook} ${result}`),
    pauseMs: 5,
  })
  return hooks
}

const rotate = (file: string) => bus.publish({ type: 'rotation', ok: true, file })

describe('the webhook', () => {
  test('gets every event as JSON, in order, with the secret', async () => {
    begin({ webhook: `${url}/in`, webhookSecret: 's3cret' })
    for (const file of ['a', 'b', 'c']) rotate(file)
    await expect.poll(() => counts).toEqual(Array(3).fill('webhook ok'))
    expect(posts.map(({ event }) => event)).toMatchObject([{ file: 'a', seq: 1 }, { file: 'b' }, { file: 'c' }])
    expect(posts[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'x-imgsvc-secret': 's3cret',
      'x-imgsvc-event': 'rotation',
    })
  })

  test('gets only what the filter lets through, and no secret when there is none', async () => {
    begin({ webhook: url, events: ['supervisor'] })
    rotate('a')
    bus.publish({ type: 'supervisor', to: 'ready', pid: 1 })
    await expect.poll(() => posts.map(({ event }) => event.type)).toEqual(['supervisor'])
    expect(posts[0]?.headers).not.toHaveProperty('x-imgsvc-secret')
  })

  test('is tried again when the server is in trouble or silent', async () => {
    answers = [500, 429, 0, 200]
    begin({ webhook: url, webhookTimeout: '150ms' })
    rotate('a')
    await expect.poll(() => counts, { timeout: 10_000 }).toEqual(['webhook ok'])
    expect(posts.map(({ event }) => event.seq)).toEqual([1, 1, 1, 1])
  })

  test('is given up after five tries, and the next event has its own', async () => {
    answers = [500, 500, 500, 500, 500]
    begin({ webhook: url })
    rotate('a')
    rotate('b')
    await expect.poll(() => counts).toEqual(['webhook failed', 'webhook ok'])
    expect(posts).toHaveLength(6)
    expect(warnings).toMatchObject([{ why: 'it answered 500', attempt: 5 }])
  })

  test.each([302, 307, 400, 404])('%i is final: no redirect is followed', async (status) => {
    answers = [status]
    begin({ webhook: url })
    rotate('a')
    await expect.poll(() => counts).toEqual(['webhook failed'])
    expect(posts).toHaveLength(1)
  })

  test('a server that is away harms nobody, and the queue has a bound', async () => {
    server.close()
    begin({ webhook: url, webhookTimeout: '100ms' })
    for (let n = 0; n < 1100; n++) rotate(String(n))
    expect(counts.filter((count) => count === 'webhook dropped').length).toBeGreaterThanOrEqual(99)
    await hooks?.close()
  })
})

describe('the program', () => {
  const out = join(home, 'out')
  const script = join(home, 'hook.sh')
  const write = (text: string) => {
    rmSync(out, { force: true })
    writeFileSync(script, `#!/bin/sh\n${text}\n`)
    chmodSync(script, 0o755)
  }
  const lines = () => {
    try {
      return readFileSync(out, 'utf8').split('\n').filter(Boolean)
    } catch {
      return []
    }
  }

  test('gets the event on stdin and in its environment, arguments as they are', async () => {
    write(`echo "$1 $IMGSVC_EVENT $IMGSVC_EVENT_FILE" >> ${out}; cat >> ${out}`)
    begin({ exec: [script, '$(id) *'] })
    rotate('a b')
    await expect.poll(() => counts).toEqual(['exec ok'])
    expect(lines()[0]).toBe('$(id) * rotation a b')
    expect(JSON.parse(lines()[1] ?? '')).toMatchObject({ type: 'rotation', file: 'a b', seq: 1 })
  })

  test('is killed with what it has started when it takes too long', async () => {
    write(`sleep 600 & echo $! >> ${out}; wait`)
    begin({ exec: [script], execTimeout: '400ms' })
    rotate('a')
    await expect.poll(() => counts, { timeout: 10_000 }).toEqual(['exec failed'])
    expect(warnings).toMatchObject([{ why: 'killed after 400 ms' }])
    const child = Number(lines()[0])
    await expect.poll(() => isAlive(child)).toBe(false)
  })

  test.each([
    ['exit 3', 'it ended with exit code 3'],
    [undefined, /ENOENT/],
  ])('that fails (%s) is told in the log and not tried again', async (text, why) => {
    if (text !== undefined) write(text)
    begin({ exec: [text === undefined ? join(home, 'missing') : script] })
    rotate('a')
    await expect.poll(() => counts).toEqual(['exec failed'])
    expect(warnings).toMatchObject([{ why: expect.stringMatching(why) }])
  })
})

test('what still waits at the end gets a moment, and then no more', async () => {
  answers = [0]
  begin({ webhook: url, webhookTimeout: '60s' })
  rotate('a')
  await expect.poll(() => posts).toHaveLength(1)
  await hooks?.close()
  expect(counts).toEqual([])
})

function isAlive(pid: number): boolean {
  try {
    // A zombie whose parent is gone belongs to init, which may be slow to look.
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

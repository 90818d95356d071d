import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { sleep } from './clock.ts'
import { ImgsvcError } from './errors.ts'
import { rpcClient } from './rpc-client.ts'
import type { RpcMethods } from './rpc-handler.ts'
import { serveRpc } from './socket-rpc.ts'

interface Methods {
  echo: { params: Record<string, unknown>; result: unknown }
  fail: { params: object; result: never }
  hang: { params: object; result: never }
  count: { params: { to: number }; result: AsyncIterable<{ n: number; pad?: string }> }
  unheard: { params: object; result: never }
  constructor: { params: object; result: never }
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function start(methods: RpcMethods, path = join(mkdtempSync(join(tmpdir(), 'rpc-')), 's.sock')) {
  const server = await serveRpc({ path, methods, checkMs: 20 })
  closing.push(server.close)
  return { path, server, client: rpcClient<Methods>(path) }
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('the call should fail'),
    (error: ImgsvcError) => error,
  )

describe('calls', () => {
  test('params go in and the result comes back as JSON', async () => {
    const { client } = await start({ echo: async (params: object) => ({ got: params }) })
    expect(await client.call('echo', { a: 1, text: 'ü\n' })).toEqual({ got: { a: 1, text: 'ü\n' } })
  })

  test('an ImgsvcError arrives with its code and detail', async () => {
    const { client } = await start({
      fail: () => Promise.reject(new ImgsvcError('PROCESS_UNKNOWN', 'worker:9; there are 4')),
    })
    const error = await failure(client.call('fail', {}))
    expect(error).toMatchObject({ code: 'PROCESS_UNKNOWN', detail: 'worker:9; there are 4' })
  })

  test('methods nobody serves are unknown, also those every object inherits', async () => {
    const { client } = await start({})
    expect(await failure(client.call('unheard', {}))).toMatchObject({ code: 'CONTROL_METHOD_UNKNOWN' })
    expect(await failure(client.call('constructor', {}))).toMatchObject({ code: 'CONTROL_METHOD_UNKNOWN' })
  })

  test('a call that takes too long is a DEADLINE, an aborted one rejects with the reason; both reach the method', async () => {
    let seen = 0
    const hang = (_: object, signal: AbortSignal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(seen++)))
    const { client } = await start({ hang })
    expect(await failure(client.call('hang', {}, { timeoutMs: 30 }))).toMatchObject({ code: 'DEADLINE' })
    const reason = new Error('enough')
    const abort = new AbortController()
    const call = failure(client.call('hang', {}, { signal: abort.signal }))
    await sleep(20)
    abort.abort(reason)
    expect(await call).toBe(reason)
    await vi.waitFor(() => expect(seen).toBe(2))
  })

  test('nobody there is NOT_RUNNING with the path', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'rpc-')), 'none.sock')
    const error = await failure(rpcClient<Methods>(path).call('echo', {}))
    expect(error).toMatchObject({ code: 'NOT_RUNNING' })
    expect(error.message).toContain(path)
  })
})

describe('raw requests', () => {
  const raw = (path: string, method: string, url: string, body = '') =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const req = request({ socketPath: path, path: url, method, agent: false }, (res) => {
        let text = ''
        res.setEncoding('utf8')
        res.on('data', (chunk) => {
          text += chunk
        })
        res.on('end', () => resolve({ status: res.statusCode ?? 0, body: text }))
      })
      req.on('error', reject)
      req.end(body)
    })

  test('mistakes are answered with their status', async () => {
    const { path } = await start({ echo: async (params: object) => params })
    expect(await raw(path, 'GET', '/v1/echo')).toMatchObject({ status: 405 })
    expect(await raw(path, 'POST', '/other')).toMatchObject({ status: 404 })
    expect(await raw(path, 'POST', '/v1/echo', '{')).toMatchObject({ status: 400 })
    expect(await raw(path, 'POST', '/v1/echo', '[1]')).toMatchObject({ status: 400 })
    expect(await raw(path, 'POST', '/v1/echo')).toEqual({ status: 200, body: '{}\n' })
    const big = await raw(path, 'POST', '/v1/echo', JSON.stringify({ a: 'x'.repeat(2 ** 20) }))
    expect(big.status).toBe(413)
    expect(JSON.parse(big.body).error.code).toBe('BODY_TOO_LARGE')
  })
})

describe('streams', () => {
  test('items arrive one by one while the stream goes on', async () => {
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    async function* count() {
      yield { n: 1 }
      await gate
      yield { n: 2, text: 'a\nb' }
    }
    const { client } = await start({ count: async () => count() })
    const seen: unknown[] = []
    for await (const item of await client.call('count', { to: 2 })) {
      seen.push(item)
      release()
    }
    expect(seen).toEqual([{ n: 1 }, { n: 2, text: 'a\nb' }])
  })

  test('a reader that stops reading stops the producer, and its leaving ends it', async () => {
    let produced = 0
    let ended = false
    async function* count(signal: AbortSignal) {
      try {
        while (!signal.aborted && produced < 100_000) yield { n: produced++, pad: 'x'.repeat(1000) }
      } finally {
        ended = true
      }
    }
    const { client } = await start({ count: async (_: object, signal: AbortSignal) => count(signal) })
    const stream = await client.call('count', { to: 0 })
    for await (const { n } of stream) if (n === 10) break
    await vi.waitFor(() => expect(ended).toBe(true))
    expect(produced).toBeLessThan(50_000)
  })

  test('a producer that fails cuts the stream off', async () => {
    async function* count() {
      yield { n: 1 }
      throw new Error('disk')
    }
    const { client } = await start({ count: async () => count() })
    const read = async () => {
      for await (const _ of await client.call('count', { to: 2 }));
    }
    expect(await failure(read())).toMatchObject({ code: 'NOT_RUNNING' })
  })

  test('closing the server ends open streams', async () => {
    async function* count(signal: AbortSignal) {
      yield { n: 1 }
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    }
    const { client, server } = await start({ count: async (_: object, signal: AbortSignal) => count(signal) })
    for await (const _ of await client.call('count', { to: 1 })) void server.close()
    await server.close()
  })
})

describe('the socket file', () => {
  test('is private and is removed by close', async () => {
    const { path, server } = await start({})
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await server.close()
    expect(existsSync(path)).toBe(false)
  })

  test('is replaced when nobody answers on it', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'rpc-')), 's.sock')
    // A process that dies without cleaning up leaves its socket file behind.
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`
    expect(() => execFileSync(process.execPath, ['-e', script], { stdio: 'ignore' })).toThrow()
    expect(existsSync(path)).toBe(true)
    const { client } = await start({ echo: async () => 'new' }, path)
    expect(await client.call('echo', {})).toBe('new')
  })

  test('is left alone when somebody answers on it', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'rpc-')), 's.sock')
    const owner = createServer()
    await new Promise<void>((resolve) => owner.listen(path, resolve))
    closing.push(() => new Promise((resolve) => owner.close(() => resolve())))
    expect(await failure(start({}, path))).toMatchObject({ code: 'ALREADY_RUNNING' })
    expect(existsSync(path)).toBe(true)
  })

  test('comes back when its directory was removed', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'rpc-')), 'run', 's.sock')
    const parent = dirname(path)
    mkdirSync(parent)
    const { client } = await start({ echo: async () => 'here' }, path)
    expect(await client.call('echo', {})).toBe('here')
    rmSync(parent, { recursive: true })
    await vi.waitFor(async () => expect(await client.call('echo', {})).toBe('here'), { timeout: 5000 })
  })

  test('a directory that cannot be used is STATE_DIR_UNUSABLE', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'rpc-'))
    writeFileSync(join(dir, 'file'), '')
    expect(await failure(start({}, join(dir, 'file', 's.sock')))).toMatchObject({ code: 'STATE_DIR_UNUSABLE' })
  })
})

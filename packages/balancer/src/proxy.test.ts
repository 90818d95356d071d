import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import util from 'node:util'
import { systemClock } from '@imgsvc/core/clock'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  bodyOf,
  closeAll,
  dial,
  exchangeRaw,
  freePort,
  getRaw,
  portOf,
  startBalancer,
  startWorker,
  statusOf,
} from '../test/harness.ts'

afterEach(closeAll)

// Each test names a fault of http-proxy 1.18.1 and fails when the wrapper in proxy.ts stops curing it.

const PATHS = [
  '/unsafe/filters:watermark(http://a/w.png,0,0,0)/http://b/c.jpg',
  '/unsafe/300x200//x//y.jpg',
  '/unsafe/https://h/x//y.jpg?a=//b?c=1',
  '/unsafe/./a/../b/%2F%2e%2E/c',
  '/unsafe/a\\b\\c.jpg',
  '/unsafe/%C3%A9/%fc.jpg',
  '/unsafe/a%20b+c;d=e|f^{}"<>`',
  '//host/x',
  `/x?${'a'.repeat(63)}=1#frag`,
  '/?',
]

describe('paths', () => {
  test.each(PATHS)('%s reaches the worker byte for byte', async (path) => {
    const worker = await startWorker((request, response) => response.end(request.url))
    const { port } = await startBalancer([worker.port])
    expect(bodyOf(await getRaw(port, path))).toBe(path)
  })

  test('also when many requests share few connections', async () => {
    const worker = await startWorker((request, response) => {
      setTimeout(() => response.end(Buffer.from(request.url ?? '', 'latin1')), 5)
    })
    const { port } = await startBalancer([worker.port], { balancer: { maxSockets: 1 } })
    const answers = await Promise.all([...PATHS, ...PATHS].map((path) => getRaw(port, path)))
    expect(answers.map(bodyOf)).toEqual([...PATHS, ...PATHS])
    expect(worker.connections()).toBe(1)
  })
})

describe('headers', () => {
  test('a request that announces a Trailer does not crash it', async () => {
    const worker = await startWorker((request, response) => response.end(JSON.stringify(request.headers)))
    const { port } = await startBalancer([worker.port])
    const answer = await getRaw(port, '/', 'Trailer: x', 'TE: trailers', 'Proxy-Authorization: Basic x')
    expect(statusOf(answer)).toBe(200)
    expect(bodyOf(answer)).not.toMatch(/trailer|"te"|proxy-auth/i)
  })

  test('hop-by-hop headers stop in both directions', async () => {
    let seen: IncomingMessage | undefined
    const worker = await startWorker((request, response) => {
      seen = request
      response.writeHead(
        200,
        [
          ['Connection', 'X-Back'],
          ['X-Back', '1'],
          ['Keep-Alive', 'timeout=99'],
          ['Proxy-Authenticate', 'Basic'],
          ['Server', 'worker'],
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
        ].flat(),
      )
      response.end('x')
    })
    const { port } = await startBalancer([worker.port])
    const answer = await getRaw(port, '/', 'Connection: X-Hop', 'X-Hop: 1', 'X-Stays: 1')
    expect(seen?.headers).toMatchObject({ 'x-stays': '1' })
    expect(seen?.headers).not.toHaveProperty('x-hop')
    expect(answer).not.toMatch(/X-Back|timeout=99|Proxy-Auth|Server:/i)
    expect(answer.match(/Set-Cookie: [ab]=\d/g)).toEqual(['Set-Cookie: a=1', 'Set-Cookie: b=2'])
  })

  test('a chunked DELETE is not turned into an empty one with a body behind it', async () => {
    const worker = await startWorker(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      response.end(`${request.method} ${request.headers['content-length']} ${body}`)
    })
    const { port } = await startBalancer([worker.port])
    const head = 'DELETE /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n'
    expect(await exchangeRaw(port, `${head}5\r\nhello\r\n0\r\n\r\n`)).toContain('DELETE undefined hello')
  })
})

describe('connections', () => {
  test("the client's and the worker's are kept alive", async () => {
    const worker = await startWorker((_, response) => response.end('x'))
    const { port, balancer } = await startBalancer([worker.port])
    let clients = 0
    balancer.server.on('connection', () => clients++)
    const client = dial(port)
    for (let i = 1; i <= 20; i++) {
      client.socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
      await vi.waitFor(() => expect(client.text().split('HTTP/1.1 200')).toHaveLength(i + 1))
    }
    expect([clients, worker.connections()]).toEqual([1, 1])
  })

  test('a client that leaves closes the request at the worker', async () => {
    let open = 0
    const worker = await startWorker((request, response) => {
      open++
      // Half of them get the beginning of an answer before the client leaves.
      if (request.url === '/begun') response.write('begun')
      response.on('close', () => open--)
    })
    const { port, balancer, lines } = await startBalancer([worker.port])
    const clients = Array.from({ length: 20 }, (_, i) => {
      const client = dial(port)
      client.socket.write(`GET ${i % 2 ? '/begun' : '/silent'} HTTP/1.1\r\nHost: h\r\n\r\n`)
      return client
    })
    await vi.waitFor(() => expect(open).toBe(20))
    await vi.waitFor(() => expect(clients.filter((client) => client.text().includes('begun'))).toHaveLength(10))
    for (const { socket } of clients) socket.destroy()
    await vi.waitFor(() => expect(open).toBe(0))
    expect(balancer.inFlight()).toBe(0)
    await vi.waitFor(() => expect(lines().filter(({ end }) => end === 'client-gone')).toHaveLength(20))
    expect(lines().filter(({ status }) => status === 499)).toHaveLength(10)
  })

  test('a client that leaves in the middle of its own body closes the request at the worker', async () => {
    let gone = false
    const worker = await startWorker((request) => {
      request.resume()
      request.on('close', () => {
        gone = !request.complete
      })
    })
    const { port } = await startBalancer([worker.port])
    const client = dial(port)
    client.socket.write('POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf')
    await vi.waitFor(() => expect(worker.connections()).toBe(1))
    client.socket.destroy()
    await vi.waitFor(() => expect(gone).toBe(true))
  })

  test('a worker process that dies in the middle of a body resets the client at once', async () => {
    const child = fork(new URL('../test/fixtures/half-answer.mjs', import.meta.url), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const [{ port: workerPort }] = (await once(child, 'message')) as [{ port: number }]
    const { port, lines } = await startBalancer([workerPort])
    const whole = dial(port)
    const chunked = dial(port)
    whole.socket.write('GET /length HTTP/1.1\r\nHost: h\r\n\r\n')
    chunked.socket.write('GET /chunked HTTP/1.1\r\nHost: h\r\n\r\n')
    await vi.waitFor(() => {
      expect(whole.text()).toContain('half')
      expect(chunked.text()).toContain('half')
    })
    child.kill('SIGKILL')
    expect(await whole.closed).toBe('ECONNRESET')
    expect(await chunked.closed).toBe('ECONNRESET')
    expect(chunked.text()).not.toContain('0\r\n\r\n')
    await vi.waitFor(() => expect(lines().map(({ end }) => end)).toEqual(['worker-died', 'worker-died']))
  })

  test('an idle connection the worker has closed costs no try', async () => {
    let connections = 0
    // Answers once per connection, then resets; the second connection is reset at once.
    const worker = createServer((socket) => {
      connections++
      let mayAnswer = connections !== 2
      socket.on('data', () => {
        if (mayAnswer) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        else socket.resetAndDestroy()
        mayAnswer = false
      })
      socket.on('error', () => socket.destroy())
    })
    const { port, lines } = await startBalancer([await portOf(worker)])
    expect(bodyOf(await getRaw(port, '/1'))).toBe('ok')
    // Stale, then the one repetition a GET has after a failure that counts.
    expect(bodyOf(await getRaw(port, '/2'))).toBe('ok')
    await vi.waitFor(() => expect(lines()).toHaveLength(2))
    expect(lines()[1]?.tries).toMatchObject([{ outcome: 'reset' }, { outcome: 'reset' }, { outcome: 'ok' }])
    worker.close()
  })
})

describe('timeouts are told apart', () => {
  test('no answer in time is 504 and is not repeated', async () => {
    let requests = 0
    const worker = await startWorker(() => requests++)
    const { port, lines } = await startBalancer([worker.port, worker.port], { balancer: { responseTimeout: '80ms' } })
    const answer = await getRaw(port, '/slow')
    expect(statusOf(answer)).toBe(504)
    expect(JSON.parse(bodyOf(answer)).error.code).toBe('WORKER_TIMEOUT')
    expect(requests).toBe(1)
    await vi.waitFor(() => expect(lines()[0]?.tries).toMatchObject([{ outcome: 'response-timeout' }]))
  })

  test('a pause in the middle of an answer cuts it off', async () => {
    const worker = await startWorker((_, response) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('half')
    })
    const { port, lines } = await startBalancer([worker.port], { balancer: { idleTimeout: '80ms' } })
    const client = dial(port)
    client.socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(await client.closed).toBe('ECONNRESET')
    await vi.waitFor(() => expect(lines()[0]).toMatchObject({ end: 'worker-stalled', bytes: 4 }))
  })

  test('a client that stops reading is cut off too', async () => {
    const worker = await startWorker((_, response) => response.end(Buffer.alloc(64 * 1024 * 1024)))
    const { port, lines } = await startBalancer([worker.port], { balancer: { idleTimeout: '150ms' } })
    const client = dial(port)
    client.socket.pause()
    client.socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await vi.waitFor(() => expect(lines()[0]).toMatchObject({ end: 'client-stalled' }), { timeout: 5000 })
  })

  test('a broken connection is 502, a refused one 503', async () => {
    const broken = createHttpServer((request) => request.socket.destroy())
    const { port } = await startBalancer([await portOf(broken)])
    expect(
      statusOf(
        await exchangeRaw(port, 'POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx'),
      ),
    ).toBe(502)
    broken.close()
    const { port: other } = await startBalancer([await freePort()])
    const refused = await getRaw(other, '/x')
    expect(statusOf(refused)).toBe(503)
    expect(refused).toMatch(/Retry-After: 1/i)
  })

  test('an answer that is not HTTP is 502', async () => {
    const noise = createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n'))
    const { port } = await startBalancer([await portOf(noise)])
    expect(
      statusOf(
        await exchangeRaw(port, 'POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx'),
      ),
    ).toBe(502)
    noise.close()
  })
})

test('loading it warns of nothing and hides no warning of others', async () => {
  const warnings: string[] = []
  const listen = (warning: Error & { code?: string }) => warnings.push(warning.code ?? warning.message)
  process.on('warning', listen)
  const extend = () => (util as unknown as { _extend: unknown })._extend
  const before = extend()
  vi.resetModules()
  const { createProxy } = await import('./proxy.ts')
  createProxy({ clock: systemClock, timeouts: () => ({ connectTimeout: 1, responseTimeout: 1 }), maxIdle: 1 }).close()
  process.emitWarning('still heard', 'DeprecationWarning', 'DEP9999')
  await vi.waitFor(() => expect(warnings).toContain('DEP9999'))
  process.off('warning', listen)
  expect(warnings).toEqual(['DEP9999'])
  expect(extend()).toBe(before)
})

import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { sleep } from '@imgsvc/core/clock'
import { configSchema } from '@imgsvc/core/config/schema'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  bodyOf,
  closeAll,
  dial,
  entry,
  exchangeRaw,
  getRaw,
  startBalancer,
  startWorker,
  statusOf,
} from '../test/harness.ts'
import { LAME_DUCK_MS } from './server.ts'

afterEach(closeAll)

const echo = () => startWorker((request, response) => response.end(`${request.method} ${request.url}`))
const codeOf = (answer: string) => JSON.parse(bodyOf(answer)).error.code

describe('healthcheck', () => {
  test('says WORKING while any worker is up', async () => {
    const { port, announce } = await startBalancer([1])
    for (const path of ['/healthcheck', '/healthcheck/', '/healthcheck?x=1']) {
      const answer = await getRaw(port, path)
      expect(statusOf(answer)).toBe(200)
      expect(bodyOf(answer)).toBe('WORKING')
      expect(answer).toMatch(/\r\nContent-Type: text\/html; charset=UTF-8\r\n/i)
      expect(answer).toMatch(/\r\nCache-Control: no-cache\r\n/i)
    }
    announce(entry(0, 1, { state: 'down' }))
    const answer = await getRaw(port, '/healthcheck')
    expect(statusOf(answer)).toBe(503)
    expect(codeOf(answer)).toBe('NO_WORKER')
  })

  test('HEAD has no body, other methods are 405', async () => {
    const { port } = await startBalancer([1])
    const head = await exchangeRaw(port, 'HEAD /healthcheck HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    expect(head).toMatch(/\r\nContent-Length: 7\r\n/i)
    expect(bodyOf(head)).toBe('')
    const post = await exchangeRaw(
      port,
      'POST /healthcheck HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    )
    expect(statusOf(post)).toBe(405)
    expect(post).toMatch(/\r\nAllow: GET, HEAD\r\n/i)
  })

  test('is where the setting says, and its usual place goes to a worker then', async () => {
    const worker = await echo()
    const { port } = await startBalancer([worker.port], { balancer: { healthcheck: '/' } })
    expect(bodyOf(await getRaw(port, '/'))).toBe('WORKING')
    expect(bodyOf(await getRaw(port, '/?probe'))).toBe('WORKING')
    expect(bodyOf(await getRaw(port, '/healthcheck'))).toBe('GET /healthcheck')
  })

  test('paths that only look like it go to a worker', async () => {
    const worker = await echo()
    const { port } = await startBalancer([worker.port])
    for (const path of ['//healthcheck', '/healthcheck//', '/healthcheckx', '/HEALTHCHECK']) {
      expect(bodyOf(await getRaw(port, path))).toBe(`GET ${path}`)
    }
  })
})

describe('answers', () => {
  test('bodies pass unchanged both ways, large ones with their length', async () => {
    const sent = randomBytes(3 * 1024 * 1024)
    const worker = await startWorker(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const body = Buffer.concat(chunks)
      response.writeHead(200, { 'content-length': body.length })
      response.end(body)
    })
    const { port, lines } = await startBalancer([worker.port])
    const answer = await fetch(`http://127.0.0.1:${port}/x`, { method: 'PUT', body: sent })
    expect(answer.headers.get('content-length')).toBe(String(sent.length))
    const received = Buffer.from(await answer.arrayBuffer())
    expect(createHash('sha256').update(received).digest('hex')).toBe(createHash('sha256').update(sent).digest('hex'))
    await vi.waitFor(() =>
      expect(lines()[0]).toMatchObject({ method: 'PUT', status: 200, bytes: sent.length, end: 'ok' }),
    )
  })

  test.each([
    ['HEAD', 200, { 'content-length': '1234' }],
    ['GET', 304, { etag: '"a"' }],
    ['GET', 204, {}],
  ])('%s %i keeps its headers and has no body', async (method, status, headers) => {
    const worker = await startWorker((_, response) => response.writeHead(status, headers).end())
    const { port } = await startBalancer([worker.port])
    const request = `${method} /x HTTP/1.1\r\nHost: h\r\n\r\n`
    const client = dial(port)
    client.socket.write(request + request)
    await vi.waitFor(() => expect(client.text().match(new RegExp(`HTTP/1.1 ${status}`, 'g'))).toHaveLength(2))
    for (const [name, value] of Object.entries(headers)) expect(client.text()).toContain(`${name}: ${value}`)
    expect(client.text()).not.toContain('transfer-encoding')
  })

  test('HTTP/1.0 clients are answered and hung up on', async () => {
    const worker = await startWorker((_, response) => {
      response.write('no ')
      response.end('length')
    })
    const { port } = await startBalancer([worker.port])
    const answer = await exchangeRaw(port, 'GET /x HTTP/1.0\r\n\r\n')
    expect(statusOf(answer)).toBe(200)
    expect(bodyOf(answer)).toBe('no length')
    expect(answer).not.toMatch(/chunked/i)
  })

  test("the client's request id goes to the worker, into the answer and into the log", async () => {
    const worker = await startWorker((request, response) => response.end(request.headers['x-request-id']))
    const { port, lines } = await startBalancer([worker.port])
    const answer = await getRaw(port, '/x?q=1', 'X-Request-Id: my-id', 'User-Agent: test', 'Referer: http://r/')
    expect(bodyOf(answer)).toContain('my-id')
    expect(answer).toMatch(/\r\nX-Request-Id: my-id\r\n/)
    await vi.waitFor(() => expect(lines()).toHaveLength(1))
    expect(lines()[0]).toMatchObject({
      level: 'info',
      msg: 'request',
      requestId: 'my-id',
      remote: '127.0.0.1',
      path: '/x?q=1',
      userAgent: 'test',
      referer: 'http://r/',
      worker: 'worker:0',
      tries: [{ worker: 'worker:0', outcome: 'ok' }],
    })
  })

  test('an absolute-form target loses its origin and gives the host', async () => {
    const worker = await startWorker((request, response) => response.end(`${request.headers.host} ${request.url}`))
    const { port } = await startBalancer([worker.port])
    expect(bodyOf(await getRaw(port, 'http://img.example/unsafe//http://a/b'))).toContain(
      'img.example /unsafe//http://a/b',
    )
  })
})

describe('limits', () => {
  test('a request with two Host headers, or HTTP/1.1 without one, is malformed', async () => {
    const worker = await echo()
    const { port, lines } = await startBalancer([worker.port])
    const ask = (version: string, hosts: string) =>
      exchangeRaw(port, `GET /x HTTP/${version}\r\n${hosts}Connection: close\r\n\r\n`)
    for (const answer of [await ask('1.1', 'Host: a\r\nHost: b\r\n'), await ask('1.1', '')]) {
      expect(statusOf(answer)).toBe(400)
      expect(codeOf(answer)).toBe('REQUEST_MALFORMED')
    }
    expect(statusOf(await ask('1.0', ''))).toBe(200)
    await vi.waitFor(() => expect(lines().map(({ status }) => status)).toEqual([400, 400, 200]))
  })

  test('an unknown expectation is ignored', async () => {
    const worker = await startWorker((request, response) => response.end(String(request.headers.expect)))
    const { port } = await startBalancer([worker.port])
    const answer = await getRaw(port, '/x', 'Expect: 200-maybe')
    expect([statusOf(answer), bodyOf(answer)]).toEqual([200, 'undefined'])
  })

  test('clients beyond the most are closed, the others are answered', async () => {
    const worker = await echo()
    const { port } = await startBalancer([worker.port], { maxClients: 2 })
    const [first, second] = [dial(port), dial(port)]
    await Promise.all([first, second].map(({ socket }) => once(socket, 'connect')))
    expect(await getRaw(port, '/x')).toBe('')
    for (const { socket, text } of [first, second]) {
      socket.write('GET /y HTTP/1.1\r\nHost: h\r\n\r\n')
      await vi.waitFor(() => expect(text()).toContain('GET /y'))
    }
  })

  test('a body that announces too much is refused before it is sent', async () => {
    const { port } = await startBalancer([], { balancer: { maxBody: '1KB' } })
    const answer = await exchangeRaw(
      port,
      'POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1025\r\nExpect: 100-continue\r\n\r\n',
    )
    expect(statusOf(answer)).toBe(413)
    expect(answer).toMatch(/\r\nConnection: close\r\n/i)
    expect(codeOf(answer)).toBe('BODY_TOO_LARGE')
  })

  test('a chunked body is counted while it passes', async () => {
    let complete = 0
    const worker = await startWorker((request) => {
      request.resume()
      request.on('end', () => complete++)
    })
    const { port } = await startBalancer([worker.port], { balancer: { maxBody: '1KB' } })
    const chunk = `200\r\n${'x'.repeat(512)}\r\n`
    const head = 'POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n'
    const answer = await exchangeRaw(port, `${head}${chunk.repeat(3)}0\r\n\r\n`)
    expect(statusOf(answer)).toBe(413)
    expect(complete).toBe(0)
  })

  test('Expect: 100-continue is told to go on once the size is fine', async () => {
    const worker = await startWorker(async (request, response) => {
      let body = ''
      for await (const part of request) body += part
      response.end(`${request.headers.expect} ${body}`)
    })
    const { port } = await startBalancer([worker.port])
    const client = dial(port)
    client.socket.write(
      'POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n',
    )
    await vi.waitFor(() => expect(client.text()).toContain('HTTP/1.1 100 Continue'))
    client.socket.write('hi')
    await client.closed
    expect(client.text()).toContain('undefined hi')
  })

  test('URLs: over the limit, and over the header limit too', async () => {
    const { port } = await startBalancer([1], { limits: { urlLength: '1KB' } })
    for (const length of [1024, 12_000, 64_000]) {
      const answer = await getRaw(port, `/${'a'.repeat(length)}`)
      expect([length, statusOf(answer)]).toEqual([length, 414])
      expect(codeOf(answer)).toBe('URL_TOO_LONG')
    }
  })

  test('headers over 16 KB are 431', async () => {
    const { port } = await startBalancer([1])
    const answer = await getRaw(port, '/', `X-Big: ${'a'.repeat(17_000)}`)
    expect(statusOf(answer)).toBe(431)
    expect(codeOf(answer)).toBe('HEADERS_TOO_LARGE')
  })

  test('headers that do not arrive in time are 408', async () => {
    const { port } = await startBalancer([1], { balancer: { headersTimeout: '100ms' } })
    const client = dial(port)
    client.socket.write('GET / HTTP/1.1\r\nHo')
    await client.closed
    expect(statusOf(client.text())).toBe(408)
  })
})

describe('malformed requests are answered once, as JSON, and crash nothing', () => {
  test.each([
    ['noise', 'hello\r\n\r\n'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['no path', 'GET HTTP/1.1\r\n\r\n'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: h\r\nbroken\r\n\r\n'],
    ['both lengths', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'],
    ['raw bytes above 0x7f', 'GET /\xe9 HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['asterisk', 'OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'],
  ])('%s', async (_, request) => {
    const { port, lines } = await startBalancer([1])
    const answer = await exchangeRaw(port, request)
    expect(statusOf(answer)).toBe(400)
    expect(codeOf(answer)).toBe('REQUEST_MALFORMED')
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
    await vi.waitFor(() => expect(lines()[0]).toMatchObject({ status: 400 }))
    expect(statusOf(await getRaw(port, '/healthcheck'))).toBe(200)
  })

  test('noise behind a request under way closes the connection without a second answer', async () => {
    const worker = await startWorker(() => {})
    const { port } = await startBalancer([worker.port])
    const client = dial(port)
    client.socket.write('GET /x HTTP/1.1\r\nHost: h\r\n\r\nnoise\r\n\r\n')
    await client.closed
    expect(client.text()).toBe('')
  })

  test('a client that leaves in the middle of its request is no malformed request', async () => {
    const { port, lines } = await startBalancer([1])
    const client = dial(port)
    client.socket.end('GET /x HTTP/1.1\r\nHo')
    await client.closed
    expect(client.text()).toBe('')
    expect(statusOf(await getRaw(port, '/healthcheck'))).toBe(200)
    await vi.waitFor(() => expect(lines()).toHaveLength(1))
    expect(lines()[0]).toMatchObject({ path: '/healthcheck' })
  })

  test('CONNECT is 405, Upgrade is ignored', async () => {
    const worker = await startWorker((request, response) => response.end(`upgrade=${request.headers.upgrade}`))
    const { port } = await startBalancer([worker.port])
    const tunnel = await exchangeRaw(port, 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(statusOf(tunnel)).toBe(405)
    expect(codeOf(tunnel)).toBe('METHOD_NOT_ALLOWED')
    const upgrade = ['Upgrade: websocket', 'Sec-WebSocket-Key: eA==', 'Sec-WebSocket-Version: 13']
    expect(bodyOf(await getRaw(port, '/ws', 'Connection: Upgrade', ...upgrade))).toContain('upgrade=undefined')
  })
})

describe('stopping', () => {
  test('finishes what is under way, says close, drops the idle and accepts nobody', async () => {
    let finish: (() => void) | undefined
    const worker = await startWorker((request, response) => {
      if (request.url === '/fast') response.end('fast')
      else finish = () => response.end('slow')
    })
    const { port, balancer } = await startBalancer([worker.port])
    const [idle, silent, busy] = [dial(port), dial(port), dial(port)]
    idle.socket.write('GET /fast HTTP/1.1\r\nHost: h\r\n\r\n')
    await vi.waitFor(() => expect(idle.text()).toContain('fast'))
    await vi.waitFor(() => expect(silent.socket.connecting).toBe(false))
    busy.socket.write('GET /slow HTTP/1.1\r\nHost: h\r\n\r\n')
    await vi.waitFor(() => expect(finish).toBeDefined())

    const stopped = balancer.stop(10_000)
    await Promise.all([idle.closed, silent.closed])
    expect(await dial(port).closed).toBe('ECONNREFUSED')
    finish?.()
    await busy.closed
    expect(busy.text()).toMatch(/\r\nConnection: close\r\n/i)
    expect(bodyOf(busy.text())).toContain('slow')
    await stopped
  })

  test('what does not finish in time is cut off', async () => {
    const worker = await startWorker(() => {})
    const { port, balancer } = await startBalancer([worker.port])
    const client = dial(port)
    client.socket.write('GET /x HTTP/1.1\r\nHost: h\r\n\r\n')
    await vi.waitFor(() => expect(balancer.inFlight()).toBe(1))
    await balancer.stop(50)
    await client.closed
  })

  test('a request that comes on a kept connection while the stop begins is answered, and then told to close', async () => {
    const worker = await echo()
    const { balancer, port } = await startBalancer([worker.port])
    const kept = dial(port)
    kept.socket.write('GET /first HTTP/1.1\r\nHost: h\r\n\r\n')
    await vi.waitFor(() => expect(kept.text()).toContain('GET /first'))
    const stopped = balancer.stop(10_000)
    kept.socket.write('GET /second HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(await kept.closed).toBe('closed')
    expect(kept.text()).toMatch(/\r\nConnection: close\r\n[\s\S]*GET \/second$/)
    await stopped
  })

  test('with nobody connected the stop does not wait', async () => {
    const { balancer } = await startBalancer([1])
    const lameDuck = sleep(LAME_DUCK_MS).then(() => 'waited')
    expect(await Promise.race([balancer.stop(10_000).then(() => 'stopped'), lameDuck])).toBe('stopped')
  })

  test('an answer that had begun before does not hold the stop with its keep-alive', async () => {
    let finish = () => {}
    const worker = await startWorker((_, response) => {
      response.writeHead(200, { 'content-length': 8 })
      response.write('half')
      finish = () => response.end('half')
    })
    const { port, balancer } = await startBalancer([worker.port])
    const client = dial(port)
    client.socket.write('GET /x HTTP/1.1\r\nHost: h\r\n\r\n')
    await vi.waitFor(() => expect(client.text()).toContain('half'))
    const stopped = balancer.stop(10_000)
    finish()
    await client.closed
    expect(client.text()).toContain('halfhalf')
    await stopped
  })
})

test('metrics count requests, tries and workers', async () => {
  const worker = await echo()
  const { port, balancer } = await startBalancer([worker.port])
  await getRaw(port, '/a')
  await exchangeRaw(port, 'BREW /pot HTTP/1.1\r\nHost: h\r\n\r\n') // not a method the parser knows
  await exchangeRaw(port, 'PROPFIND /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  const metrics = (await balancer.metrics.collect()) as { name: string; values: { labels: object; value: number }[] }[]
  const valuesOf = (name: string) => metrics.find((metric) => metric.name === name)?.values
  expect(valuesOf('imgsvc_http_requests_total')).toEqual([
    { labels: { method: 'GET', status: 200 }, value: 1 },
    { labels: { method: 'other', status: 200 }, value: 1 },
  ])
  expect(valuesOf('imgsvc_upstream_tries_total')).toMatchObject([
    { labels: { worker: 'worker:0', outcome: 'ok' }, value: 2 },
  ])
  expect(valuesOf('imgsvc_upstream_up')).toEqual([{ labels: { worker: 'worker:0' }, value: 1 }])
  expect(valuesOf('imgsvc_process_cpu_seconds_total')).toEqual([{ labels: { process: 'balancer:0' }, value: 2 }])
  await balancer.metrics.collect()
  expect(valuesOf('imgsvc_process_cpu_seconds_total')).toEqual([{ labels: { process: 'balancer:0' }, value: 2 }])
})

test('a new configuration applies to the next request', async () => {
  const worker = await echo()
  const { port, balancer } = await startBalancer([worker.port])
  expect(statusOf(await getRaw(port, '/aaaaaaaaaa'))).toBe(200)
  balancer.configure(configSchema.parse({ sources: [], limits: { urlLength: '10B' } }))
  expect(statusOf(await getRaw(port, '/aaaaaaaaaa'))).toBe(414)
})

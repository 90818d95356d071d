import { createServer } from 'node:http'
import { afterEach, expect, test, vi } from 'vitest'
import {
  bodyOf,
  closeAll,
  dial,
  entry,
  exchangeRaw,
  freePort,
  getRaw,
  portOf,
  startBalancer,
  startWorker,
  statusOf,
} from '../test/harness.ts'

afterEach(closeAll)

test('a refused connection goes on to the next worker, also for a POST that was not sent yet', async () => {
  const worker = await startWorker(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    response.end(`${request.method} ${body}`)
  })
  const { port, lines } = await startBalancer([await freePort(), worker.port])
  const post = 'POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi'
  expect(bodyOf(await exchangeRaw(port, post))).toBe('POST hi')
  expect(bodyOf(await getRaw(port, '/x'))).toBe('GET ')
  await vi.waitFor(() => expect(lines()).toHaveLength(2))
  expect(lines()[0]).toMatchObject({
    worker: 'worker:1',
    status: 200,
    tries: [
      { worker: 'worker:0', outcome: 'refused' },
      { worker: 'worker:1', outcome: 'ok' },
    ],
  })
  // The worker that refused is skipped for a while.
  expect(lines()[1]?.tries).toHaveLength(1)
})

test('a GET that broke before an answer is repeated once, on another worker', async () => {
  const requests: string[] = []
  const breaking = (name: string) => (request: { socket: { destroy(): void } }) => {
    requests.push(name)
    request.socket.destroy()
  }
  const workers = [await startWorker(breaking('a')), await startWorker(breaking('b')), await startWorker(breaking('c'))]
  const { port } = await startBalancer(workers.map((worker) => worker.port))
  expect(statusOf(await getRaw(port, '/x'))).toBe(502)
  expect(requests).toEqual(['a', 'b'])
})

test('a POST that broke is not repeated', async () => {
  let requests = 0
  const workers = await Promise.all(
    [0, 1].map(() =>
      startWorker((request) => {
        requests++
        request.socket.destroy()
      }),
    ),
  )
  const { port } = await startBalancer(workers.map((worker) => worker.port))
  const post = 'POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi'
  expect(statusOf(await exchangeRaw(port, post))).toBe(502)
  expect(requests).toBe(1)
})

test('with no worker up a request waits for one', async () => {
  const worker = await startWorker((_, response) => response.end('late'))
  const { port, announce } = await startBalancer([])
  const answer = getRaw(port, '/x')
  const second = getRaw(port, '/y')
  await new Promise((resolve) => setImmediate(resolve))
  announce(entry(0, worker.port))
  expect(bodyOf(await answer)).toBe('late')
  expect(bodyOf(await second)).toBe('late')
})

test('a lone worker that is restarting is waited for, although nobody announced it', async () => {
  const workerPort = await freePort()
  const { port } = await startBalancer([workerPort])
  const answer = getRaw(port, '/x')
  await new Promise((resolve) => setTimeout(resolve, 50))
  const server = createServer((_, response) => response.end('back'))
  await portOf(server, workerPort)
  expect(bodyOf(await answer)).toBe('back')
  server.closeAllConnections()
  server.close()
})

test('nobody in two seconds is 503 with Retry-After, as JSON', async () => {
  const { port } = await startBalancer([])
  const answer = await getRaw(port, '/x')
  expect(statusOf(answer)).toBe(503)
  expect(answer).toMatch(/\r\nRetry-After: 1\r\n/i)
  expect(answer).toMatch(/\r\nCache-Control: no-store\r\n/i)
  const requestId = /\r\nX-Request-Id: (.*)\r\n/i.exec(answer)?.[1]
  expect(JSON.parse(bodyOf(answer))).toEqual({ error: { code: 'NO_WORKER', message: 'No worker is ready', requestId } })
})

test('a client that leaves while it waits leaves the line', async () => {
  const { port, balancer, lines } = await startBalancer([])
  const client = dial(port)
  client.socket.write('GET /x HTTP/1.1\r\nHost: h\r\n\r\n')
  await vi.waitFor(() => expect(balancer.inFlight()).toBe(1))
  client.socket.destroy()
  await vi.waitFor(() => expect(balancer.inFlight()).toBe(0))
  await vi.waitFor(() => expect(lines()[0]).toMatchObject({ status: 499, end: 'client-gone', tries: [] }))
})

test('a draining worker finishes what it has and gets nothing new', async () => {
  const answered: string[] = []
  const worker = (name: string) =>
    startWorker((_, response) => setTimeout(() => response.end(answered.push(name) && name), 50))
  const [a, b] = [await worker('a'), await worker('b')]
  const { port, announce, balancer } = await startBalancer([a.port, b.port])
  const begun = [getRaw(port, '/1'), getRaw(port, '/2')]
  await vi.waitFor(() => expect(balancer.pool.list().map(({ inFlight }) => inFlight)).toEqual([1, 1]))
  announce(entry(0, a.port, { state: 'draining' }), entry(1, b.port))
  const later = await Promise.all([3, 4, 5].map((n) => getRaw(port, `/${n}`)))
  expect((await Promise.all(begun)).map(bodyOf).sort()).toEqual(['a', 'b'])
  expect(later.map(bodyOf)).toEqual(['b', 'b', 'b'])
})

test('workers take turns, also over one client connection', async () => {
  const workers = await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) => startWorker((_, response) => response.end(name))),
  )
  const { port } = await startBalancer(workers.map((worker) => worker.port))
  const one = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'
  const last = 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'
  const text = await exchangeRaw(port, one.repeat(7) + last)
  expect([...text.matchAll(/\r\n\r\n([a-d])/g)].map((match) => match[1]).join('')).toBe('abcdabcd')
})

test('a worker restarted under the same id gets new connections only', async () => {
  const first = await startWorker((_, response) => response.end('old'))
  const { port, announce } = await startBalancer([first.port])
  expect(bodyOf(await getRaw(port, '/'))).toBe('old')
  first.server.closeAllConnections()
  await new Promise((resolve) => first.server.close(resolve))
  await startWorker((_, response) => response.end('new'), first.port)
  announce(entry(0, first.port, { generation: 2 }))
  expect(bodyOf(await getRaw(port, '/'))).toBe('new')
})

/** A worker that accepts requests and never answers, as one that is stopped. */
async function startSilentWorker(): Promise<{ readonly port: number; readonly requests: string[] }> {
  const requests: string[] = []
  const { port } = await startWorker((request) => requests.push(request.url ?? ''))
  return { port, requests }
}

test('a GET leaves a worker that is announced down for another one, at once', async () => {
  const silent = await startSilentWorker()
  const worker = await startWorker((request, response) => response.end(`answer ${request.url}`))
  const { port, announce, balancer, lines } = await startBalancer([silent.port])
  const answers = Promise.all(['/a', '/b', '/c'].map((path) => getRaw(port, path)))
  await vi.waitFor(() => expect(silent.requests).toHaveLength(3))
  const inHand = balancer.inHand.of({ id: 'worker:0', generation: 1 })
  expect(inHand.map(({ path }) => path).sort()).toEqual(['/a', '/b', '/c'])
  announce(entry(0, silent.port, { state: 'down' }), entry(1, worker.port))
  expect((await answers).map(bodyOf)).toEqual(['answer /a', 'answer /b', 'answer /c'])
  await vi.waitFor(() => expect(lines()).toHaveLength(3))
  expect(lines()[0]).toMatchObject({
    status: 200,
    tries: [
      { worker: 'worker:0', outcome: 'withdrawn' },
      { worker: 'worker:1', outcome: 'ok' },
    ],
  })
  // A crash record asks for them a moment later.
  expect(balancer.inHand.of({ id: 'worker:0', generation: 1 })).toHaveLength(3)
  expect(balancer.inHand.of({ id: 'worker:1', generation: 1 })).toEqual([])
})

test('a GET leaves a worker that has a successor', async () => {
  const silent = await startSilentWorker()
  const worker = await startWorker((_, response) => response.end('successor'))
  const { port, announce } = await startBalancer([silent.port])
  const answer = getRaw(port, '/x')
  await vi.waitFor(() => expect(silent.requests).toHaveLength(1))
  announce(entry(0, worker.port, { generation: 2 }))
  expect(bodyOf(await answer)).toBe('successor')
})

test('a GET stays with a hanging worker while there is no other one, and is answered when it wakes up', async () => {
  let answer = () => {}
  const worker = await startWorker((_, response) => {
    answer = () => response.end('awake')
  })
  const { port, announce, balancer } = await startBalancer([worker.port])
  const received = getRaw(port, '/x')
  await vi.waitFor(() => expect(balancer.inHand.of({ id: 'worker:0', generation: 1 })).toHaveLength(1))
  announce(entry(0, worker.port, { state: 'down' }))
  answer()
  expect(bodyOf(await received)).toBe('awake')
})

test('a GET moves once: a request that hangs one worker after the other must not hang them all', async () => {
  const silent = [await startSilentWorker(), await startSilentWorker(), await startSilentWorker()]
  const ports = silent.map((worker) => worker.port)
  const { port, announce } = await startBalancer(ports, { balancer: { responseTimeout: '1s' } })
  const answer = getRaw(port, '/x')
  await vi.waitFor(() => expect(silent[0]?.requests).toHaveLength(1))
  const list = silent.map((worker, index) => entry(index, worker.port))
  const down = (...indices: number[]) =>
    list.map((one, index) => (indices.includes(index) ? { ...one, state: 'down' as const } : one))
  announce(...down(0))
  await vi.waitFor(() => expect(silent.flatMap(({ requests }) => requests)).toHaveLength(2))
  const second = silent.findIndex(({ requests }, index) => index > 0 && requests.length > 0)
  announce(...down(0, second))
  expect(statusOf(await answer)).toBe(504)
  expect(silent.flatMap(({ requests }) => requests)).toHaveLength(2)
})

test('a POST that was sent stays where it is', async () => {
  const silent = await startSilentWorker()
  const worker = await startWorker((_, response) => response.end('other'))
  const { port, announce } = await startBalancer([silent.port], { balancer: { responseTimeout: '300ms' } })
  const post = 'POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi'
  const answer = exchangeRaw(port, post)
  await vi.waitFor(() => expect(silent.requests).toHaveLength(1))
  announce(entry(0, silent.port, { state: 'down' }), entry(1, worker.port))
  expect(statusOf(await answer)).toBe(504)
})

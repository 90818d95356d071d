import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { loaderContract } from '../../test/contracts/loader-contract.ts'
import { httpSource } from '../../test/http-source.ts'
import { createHttpLoader, type HttpLoaderOptions } from './http.ts'
import type { Resolve } from './http-connector.ts'

const signal = new AbortController().signal
const picture = Buffer.from('the bytes of a picture')
const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function listen<S extends Server | TcpServer>(server: S): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push(() => {
    if ('closeAllConnections' in server) server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

const serve = (listener: RequestListener) => listen(createServer(listener))

/** Answers each connection with these bytes once a request came, whatever HTTP says about them. */
function serveRaw(answer: string | Buffer, end = true): Promise<number> {
  return listen(
    createTcpServer((socket) => {
      open.push(async () => socket.destroy())
      socket.on('error', () => undefined)
      socket.once('data', () => (end ? socket.end(answer) : socket.write(answer)))
    }),
  )
}

function create(more: Partial<HttpLoaderOptions> = {}) {
  const loader = createHttpLoader({ ...httpSource(), timeout: 10_000, userAgent: 'imgsvc-test', ...more })
  open.push(async () => loader.close?.())
  return loader
}

const fetchFrom = (port: number, path = '/', maxBytes?: number) =>
  create().load(`http%3A//127.0.0.1%3A${port}${path}`, { signal, maxBytes })

loaderContract('http', async () => {
  const server = createServer((request, response) => {
    if (request.url === '/a.jpg') response.end(picture)
    else response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    loader: createHttpLoader({ ...httpSource(), maxRedirects: 0 }),
    present: { source: `${host}/a.jpg`, bytes: picture },
    missing: `${host}/b.jpg`,
    dispose: async () => void server.close(),
  }
})

describe('a fetch', () => {
  test('sends Accept and User-Agent, asks for no encoding, and tells Last-Modified', async () => {
    let seen: IncomingMessage | undefined
    const port = await serve((request, response) => {
      seen = request
      response.setHeader('last-modified', 'Tue, 15 Nov 1994 12:45:26 GMT').end(picture)
    })
    const found = await fetchFrom(port, '/a%2520b.jpg%3Fq%3D1')
    expect(found.bytes.equals(picture)).toBe(true)
    expect(found.modifiedAt).toBe(Date.UTC(1994, 10, 15, 12, 45, 26))
    expect(seen?.url).toBe('/a%20b.jpg?q=1')
    expect(seen?.headers).toMatchObject({
      accept: 'image/*;q=0.9,*/*;q=0.1',
      'accept-encoding': 'identity',
      'user-agent': 'imgsvc-test',
    })
  })

  test('uses connections again, also after an answer nobody wants', async () => {
    const ports = new Set<number | undefined>()
    const port = await serve((request, response) => {
      ports.add(request.socket.remotePort)
      if (request.url === '/missing') response.writeHead(404).end('no such thing')
      else response.end(picture)
    })
    const loader = create()
    for (let i = 0; i < 20; i++) {
      await loader.load(`http://127.0.0.1:${port}/${i % 2 ? 'missing' : 'a'}`, { signal }).catch(() => undefined)
    }
    // The pool may open a second one while the end of a body is still being noticed.
    expect(ports.size).toBeLessThanOrEqual(2)
  })

  test.each([
    [404, 'SOURCE_NOT_FOUND'],
    [410, 'SOURCE_NOT_FOUND'],
    [403, 'SOURCE_NOT_FOUND'],
    [400, 'SOURCE_FAILED'],
    [401, 'SOURCE_FAILED'],
    [500, 'SOURCE_FAILED'],
    [503, 'SOURCE_FAILED'],
    [204, 'SOURCE_FAILED'],
    [206, 'SOURCE_FAILED'],
    [304, 'SOURCE_FAILED'],
    [302, 'SOURCE_FAILED'],
  ])('answered %i is %s', async (status, code) => {
    const port = await serve((_, response) => void response.writeHead(status).end(status === 204 ? undefined : 'text'))
    await expect(fetchFrom(port)).rejects.toMatchObject({ code })
  })
})

describe('addresses', () => {
  const resolveTo =
    (...answers: string[][]): Resolve =>
    (_hostname, _options, callback) => {
      const addresses = (answers.length > 1 ? answers.shift() : answers[0]) ?? []
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )
    }

  test.each([
    '127.0.0.1',
    '0.0.0.0',
    '[::]',
    '[::1]',
    'localhost',
    'localhost.',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '169.254.169.254',
    '10.0.0.1',
    '[fe80::1]',
    '[::ffff:127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[::127.0.0.1]',
  ])('%s is refused without a connection', async (host) => {
    let hits = 0
    const port = await serve((_, response) => void response.end(String(++hits)))
    const load = create({ allowPrivate: [] }).load(`http://${host}:${port}/`, { signal })
    await expect(load).rejects.toMatchObject({ code: 'SOURCE_REFUSED' })
    expect(hits).toBe(0)
  })

  test('a name is judged by the addresses of the very look-up it is connected with', async () => {
    let hits = 0
    const port = await serve((_, response) => void response.writeHead(200, { connection: 'close' }).end(String(++hits)))
    // 127.0.0.1 plays the public address here, 127.0.0.2 one that is not.
    const loader = create({ allowPrivate: ['127.0.0.1/32'], resolve: resolveTo(['127.0.0.1'], ['127.0.0.2']) })
    expect((await loader.load(`http://rebind.test:${port}/`, { signal })).bytes.toString()).toBe('1')
    await expect(loader.load(`http://rebind.test:${port}/`, { signal })).rejects.toMatchObject({
      code: 'SOURCE_REFUSED',
    })
    expect(hits).toBe(1)
  })

  test('one refused address among several refuses the name', async () => {
    const port = await serve((_, response) => void response.end(picture))
    const loader = create({ allowPrivate: ['127.0.0.1/32'], resolve: resolveTo(['127.0.0.1', '::1']) })
    await expect(loader.load(`http://two.test:${port}/`, { signal })).rejects.toMatchObject({ code: 'SOURCE_REFUSED' })
  })

  test.each(['http', 'https'])('over %s the answer does not tell which address a name has', async (scheme) => {
    const loader = create({ allowPrivate: [], resolve: resolveTo(['10.9.8.7']) })
    const error = await loader.load(`${scheme}://in.test/`, { signal }).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'SOURCE_REFUSED', publicMessage: expect.stringContaining('in.test') })
    expect(String(error)).not.toContain('10.9.8.7')
  })

  test('a name that cannot be resolved is SOURCE_TIMEOUT, as thumbor answers it', async () => {
    const resolve: Resolve = (_hostname, _options, callback) =>
      callback(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }), [])
    await expect(create({ resolve }).load('http://none.test/', { signal })).rejects.toMatchObject({
      code: 'SOURCE_TIMEOUT',
    })
  })

  test('hosts outside the allow-list are refused before anything is looked up', async () => {
    let asked = 0
    const resolve: Resolve = (_hostname, _options, callback) => {
      asked++
      callback(null, [])
    }
    const loader = create({ allow: ['good.com', '*.good.org'], resolve })
    for (const url of ['http://good.com.evil.com/', 'http://goodXcom/', 'http://u@good.com@evil.com/', 'good.org/x']) {
      await expect(loader.load(url, { signal }), url).rejects.toMatchObject({ code: 'SOURCE_REFUSED' })
    }
    expect(asked).toBe(0)
  })
})

describe('redirects', () => {
  const redirectTo = (location: string) => serve((_, response) => void response.writeHead(302, { location }).end())

  test('are followed, relative ones too', async () => {
    const port = await serve((request, response) => {
      if (request.url === '/a/1') response.writeHead(301, { location: '../b/2' }).end()
      else if (request.url === '/b/2') response.writeHead(307, { location: '/c?x=1#frag' }).end('moved')
      else response.end(request.url)
    })
    expect((await fetchFrom(port, '/a/1')).bytes.toString()).toBe('/c?x=1')
  })

  test('to a refused address never reach it', async () => {
    let hits = 0
    const target = await serve((_, response) => void response.end(String(++hits)))
    for (const host of ['127.0.0.2', 'localhost.test', '[::ffff:7f00:2]', '2130706434']) {
      const port = await redirectTo(`http://${host}:${target}/`)
      const resolve: Resolve = (_h, _o, callback) => callback(null, [{ address: '127.0.0.2', family: 4 }])
      const loader = create({ allowPrivate: ['127.0.0.1/32'], resolve })
      const load = loader.load(`http://127.0.0.1:${port}/`, { signal })
      await expect(load, host).rejects.toMatchObject({ code: 'SOURCE_REFUSED' })
    }
    expect(hits).toBe(0)
  })

  test('out of the allow-list, to another scheme or with credentials are refused', async () => {
    for (const location of ['http://127.0.0.2/', 'file:///etc/passwd', 'http://u:p@127.0.0.1/', 'http://[bad/']) {
      const port = await redirectTo(location)
      const load = create({ allow: ['127.0.0.1'] }).load(`http://127.0.0.1:${port}/`, { signal })
      await expect(load, location).rejects.toMatchObject({ code: 'SOURCE_REFUSED' })
    }
  })

  test('in a loop end after maxRedirects; with 0 none is followed', async () => {
    let hits = 0
    const port = await serve((_, response) => {
      hits++
      response.writeHead(302, { location: '/again' }).end()
    })
    const load = (maxRedirects: number) => create({ maxRedirects }).load(`http://127.0.0.1:${port}/`, { signal })
    await expect(load(5)).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    expect(hits).toBe(6)
    await expect(load(0)).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    expect(hits).toBe(7)
  })
})

describe('time', () => {
  const load = async (answer: (response: ServerResponse) => void) => {
    const port = await serve((_, response) => answer(response))
    return create({ timeout: 300 }).load(`http://127.0.0.1:${port}/`, { signal })
  }

  test('a source that never answers is SOURCE_TIMEOUT', async () => {
    await expect(load(() => undefined)).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT' })
  })

  test('a source that drips is SOURCE_TIMEOUT: the bound is on the whole fetch', async () => {
    const dripping = load((response) => {
      const timer = setInterval(() => response.write('x'), 20)
      response.on('close', () => clearInterval(timer))
    })
    await expect(dripping).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT' })
  })

  test('an abort in the middle of the body rejects with its reason and closes the connection', async () => {
    const leaving = new AbortController()
    let gone: () => void = () => undefined
    const left = new Promise<void>((resolve) => {
      gone = resolve
    })
    const port = await serve((_, response) => {
      response.on('close', gone)
      response.write('first')
      setImmediate(() => leaving.abort(new Error('the client is gone')))
    })
    const fetching = create().load(`http://127.0.0.1:${port}/`, { signal: leaving.signal })
    await expect(fetching).rejects.toThrow('the client is gone')
    await left
  })

  test('a refused connection is SOURCE_FAILED', async () => {
    const server = createTcpServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    await expect(fetchFrom(port)).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
  })
})

describe('bodies', () => {
  test('an endless one stops at maxBytes', async () => {
    let sent = 0
    const port = await serve((_, response) => {
      const piece = Buffer.alloc(16_384)
      const more = () => {
        while (!response.destroyed && response.write(piece)) sent += piece.length
      }
      response.on('drain', more)
      more()
    })
    await expect(fetchFrom(port, '/', 100_000)).rejects.toMatchObject({ code: 'SOURCE_TOO_LARGE' })
    expect(sent).toBeLessThan(20_000_000)
  })

  test('an announced length above maxBytes is refused without reading', async () => {
    const port = await serveRaw('HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n', false)
    await expect(fetchFrom(port, '/', 1_000)).rejects.toMatchObject({ code: 'SOURCE_TOO_LARGE' })
  })

  test.each([
    ['shorter than announced', 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nshort'],
    ['a chunked body that breaks off', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n'],
    ['empty', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'],
    ['not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['nothing at all', ''],
    ['a contradiction of lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!'],
    ['headers without end', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(20_000)}`],
  ])('%s is SOURCE_FAILED', async (_, answer) => {
    await expect(fetchFrom(await serveRaw(answer))).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
  })

  test('what comes after the announced length is not taken for the picture', async () => {
    const port = await serveRaw(`HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello${'x'.repeat(100_000)}`)
    const answer = await fetchFrom(port).then(
      ({ bytes }) => bytes.toString(),
      (error: { code: string }) => error.code,
    )
    expect(['hello', 'SOURCE_FAILED']).toContain(answer)
  })

  test.each([
    ['gzip', gzipSync(picture)],
    ['x-gzip', gzipSync(picture)],
    ['deflate', deflateSync(picture)],
    ['br', brotliCompressSync(picture)],
    ['GZIP', gzipSync(picture)],
    ['identity', picture],
    ['gzip, br', brotliCompressSync(gzipSync(picture))],
  ])('a body sent as %s all the same is undone', async (encoding, body) => {
    const port = await serve((_, response) => void response.setHeader('content-encoding', encoding).end(body))
    expect((await fetchFrom(port)).bytes.equals(picture)).toBe(true)
  })

  const bomb = gzipSync(Buffer.alloc(50_000_000))
  test.each([
    ['a gzip bomb', 'gzip', bomb, 'SOURCE_TOO_LARGE'],
    ['a bomb in a bomb', 'gzip, gzip', gzipSync(bomb), 'SOURCE_TOO_LARGE'],
    ['a brotli bomb', 'br', brotliCompressSync(Buffer.alloc(5_000_000)), 'SOURCE_TOO_LARGE'],
    ['five layers', 'gzip,gzip,gzip,gzip,gzip', bomb, 'SOURCE_FAILED'],
    ['an unknown encoding', 'zstd', picture, 'SOURCE_FAILED'],
    ['an encoding named like a method of objects', 'constructor', picture, 'SOURCE_FAILED'],
    ['a cut gzip body', 'gzip', gzipSync(picture).subarray(0, 20), 'SOURCE_FAILED'],
    ['a body that is not gzip', 'gzip', picture, 'SOURCE_FAILED'],
    ['an empty gzip body', 'gzip', gzipSync(''), 'SOURCE_FAILED'],
  ])('%s is stopped', async (_name, encoding, body, code) => {
    const port = await serve((_, response) => void response.setHeader('content-encoding', encoding).end(body))
    await expect(fetchFrom(port, '/', 1_000_000)).rejects.toMatchObject({ code })
  })
})

test('behind other sources, text without a scheme is taken only when it looks like a host', () => {
  const behind = create({ onlyHostLike: true })
  expect([behind.accepts('cats/1.jpg'), behind.accepts('example.com/1.jpg')]).toEqual([false, true])
  expect(create().accepts('cats/1.jpg')).toBe(true)
})

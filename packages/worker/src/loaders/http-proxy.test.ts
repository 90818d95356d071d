import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, request, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, type Server as NetServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HttpSourceConfig } from '@imgsvc/core/config/sections/sources'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Certificates, makeCertificates, read } from '../../test/certificates.ts'
import { httpSource } from '../../test/http-source.ts'
import { createHttpLoader } from './http.ts'

const dir = mkdtempSync(join(tmpdir(), 'proxy-'))
const { signal } = new AbortController()
const closing: (() => unknown)[] = []
let certificates: Certificates
beforeAll(() => {
  certificates = makeCertificates(dir)
})
afterAll(async () => {
  for (const close of closing.reverse()) await close()
  rmSync(dir, { recursive: true })
})

async function listen(server: NetServer): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    ;(server as Server).closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

interface Proxy {
  readonly url: string
  /** `GET http://…` and `CONNECT host:port`, each with the credentials that came along. */
  readonly asked: string[]
}

/** A forward proxy (RFC 9110 §7.6 and CONNECT), with a password or without. Every name is 127.0.0.1 to it. */
async function startProxy(credentials?: string): Promise<Proxy> {
  const asked: string[] = []
  const wanted = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`
  const isWelcome = (given: string | undefined) => wanted === undefined || given === wanted
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`)
    if (!isWelcome(incoming.headers['proxy-authorization'])) return void response.writeHead(407).end()
    const { port, pathname, search } = new URL(incoming.url ?? '')
    const { 'proxy-authorization': _, ...headers } = incoming.headers
    const onward = request({ host: '127.0.0.1', port, path: pathname + search, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.end()
  })
  server.on('connect', (incoming, socket: Socket) => {
    asked.push(`CONNECT ${incoming.url}`)
    socket.on('error', () => undefined)
    if (!isWelcome(incoming.headers['proxy-authorization'])) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    const onward = connect(Number(incoming.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      onward.pipe(socket).pipe(onward)
    })
    onward.on('error', () => socket.destroy())
  })
  return { url: `http://${await listen(server)}`, asked }
}

const answer: RequestListener = (incoming, response) => {
  if (incoming.url === '/moved') return void response.writeHead(302, { location: 'http://10.0.0.1/a.jpg' }).end()
  response.end(`${incoming.url} of ${incoming.headers.host} for ${incoming.headers['user-agent']}`)
}

async function load(source: string, more: Partial<HttpSourceConfig>): Promise<string> {
  const loader = createHttpLoader(httpSource({ caCerts: certificates.ca.cert, ...more }))
  try {
    return (await loader.load(source, { signal })).bytes.toString()
  } finally {
    await loader.close?.()
  }
}

describe('through a proxy', () => {
  test('http is asked for as it is, and names are left to the proxy', async () => {
    const host = await listen(createServer(answer))
    const { url: proxy, asked } = await startProxy()
    const source = `http://images.example:${host.split(':')[1]}/a.jpg`
    expect(await load(source, { proxy })).toBe(`/a.jpg of ${new URL(source).host} for imgsvc`)
    expect(asked).toEqual([`GET ${source}`])
  })

  test('https goes through a tunnel, with its certificate checked', async () => {
    const host = await listen(createTlsServer(read(certificates.server), answer))
    const { url: proxy, asked } = await startProxy()
    expect(await load(`https://${host}/a.jpg`, { proxy })).toBe(`/a.jpg of ${host} for imgsvc`)
    expect(asked).toEqual([`CONNECT ${host}`])
    const untrusted = load(`https://${host}/a.jpg`, { proxy, caCerts: undefined } as Partial<HttpSourceConfig>)
    await expect(untrusted).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
  })

  test.each(['http', 'https'])('%s with a user and a password', async (scheme) => {
    const host = await listen(
      scheme === 'http' ? createServer(answer) : createTlsServer(read(certificates.server), answer),
    )
    const { url: proxy } = await startProxy('somebody:pass:word')
    const source = `${scheme}://${host}/a.jpg`
    const known = { proxy, proxyUser: 'somebody', proxyPassword: 'pass:word' }
    expect(await load(source, known)).toBe(`/a.jpg of ${host} for imgsvc`)
    await expect(load(source, { ...known, proxyPassword: 'no' })).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    await expect(load(source, { proxy })).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
  })

  test('addresses that need no resolving are judged here, also where a redirect leads', async () => {
    const host = await listen(createServer(answer))
    const { url: proxy, asked } = await startProxy()
    for (const source of ['http://10.0.0.1/', 'http://[fd00::1]/', 'http://169.254.169.254/latest/']) {
      await expect(load(source, { proxy }), source).rejects.toMatchObject({ code: 'SOURCE_REFUSED' })
    }
    await expect(load('http://localhost/', { proxy, allowPrivate: [] })).rejects.toMatchObject({
      code: 'SOURCE_REFUSED',
    })
    expect(asked).toEqual([])
    await expect(load(`http://${host}/moved`, { proxy })).rejects.toMatchObject({ code: 'SOURCE_REFUSED' })
    expect(asked).toEqual([`GET http://${host}/moved`])
  })

  test('a proxy that is not there is SOURCE_FAILED', async () => {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    for (const source of ['http://images.example/a.jpg', 'https://images.example/a.jpg']) {
      const loading = load(source, { proxy: `http://127.0.0.1:${port}` })
      await expect(loading, source).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
    }
  })
})

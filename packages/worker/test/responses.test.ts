import { afterEach, describe, expect, test } from 'vitest'
import { errorCode, type RunningApp, startApp } from './app-fixture.ts'

let app: RunningApp
afterEach(() => app.stop())

describe('validators', () => {
  test('without ETags none is sent, and If-None-Match decides nothing', async () => {
    app = await startApp({ responses: { etags: false } })
    const first = await app.signed('50x50/flower.jpg')
    expect(first.headers).not.toHaveProperty('etag')
    expect((await app.signed('50x50/flower.jpg', { headers: { 'if-none-match': '*' } })).status).toBe(200)
    // If-Modified-Since is looked at then: If-None-Match cannot overrule it.
    const headers = { 'if-none-match': '"x"', 'if-modified-since': String(first.headers['last-modified']) }
    expect((await app.signed('50x50/flower.jpg', { headers })).status).toBe(304)
  })

  test('without Last-Modified none is sent, and If-Modified-Since decides nothing', async () => {
    app = await startApp({ responses: { lastModified: false } })
    const first = await app.signed('50x50/flower.jpg')
    expect(first.headers).not.toHaveProperty('last-modified')
    const since = { 'if-modified-since': new Date().toUTCString() }
    expect((await app.signed('50x50/flower.jpg', { headers: since })).status).toBe(200)
    const match = await app.signed('50x50/flower.jpg', { headers: { 'if-none-match': String(first.headers.etag) } })
    expect(match.status).toBe(304)
    expect(match.headers).not.toHaveProperty('last-modified')
  })
})

test('Access-Control-Allow-Origin is on pictures, documents, 304 and errors in their place, and nowhere else', async () => {
  app = await startApp({ responses: { allowOrigin: 'https://www.example.com' } })
  const originOf = async (path: string, headers = {}) =>
    (await app.get(path, { headers })).headers['access-control-allow-origin']
  const picture = app.sign('50x50/flower.jpg')
  for (const [path, headers] of [
    [picture, {}],
    [app.sign('meta/50x50/flower.jpg'), {}],
    [picture, { 'if-none-match': '*' }],
    [app.sign('none.jpg'), {}],
    ['/unsafe/flower.jpg', {}],
  ] as const) {
    expect(await originOf(path, headers), path).toBe('https://www.example.com')
  }
  expect(await originOf('/healthcheck')).toBeUndefined()
})

test('without the setting there is no Access-Control-Allow-Origin, and never a Server header', async () => {
  app = await startApp()
  for (const path of [app.sign('50x50/flower.jpg'), app.sign('none.jpg'), '/healthcheck']) {
    const { headers } = await app.get(path)
    expect(headers).not.toHaveProperty('access-control-allow-origin')
    expect(headers).not.toHaveProperty('server')
    expect(headers).not.toHaveProperty('x-powered-by')
  }
})

test('the healthcheck is where the setting says; its old place is a picture’s', async () => {
  app = await startApp({ balancer: { healthcheck: '/status/alive' } })
  for (const path of ['/status/alive', '/status/alive/', '/status/alive?x=1']) {
    const { status, body, headers } = await app.get(path)
    expect([status, body.toString(), headers['cache-control']], path).toEqual([200, 'WORKING', 'no-cache'])
  }
  expect((await app.get('/status/alive', { method: 'POST' })).status).toBe(405)
  for (const path of ['/healthcheck', '/status', '/status/aliveness']) {
    expect((await app.get(path)).status, path).toBe(400)
  }
})

describe('filters.enabled', () => {
  test('leaves the others out as if they were unknown', async () => {
    app = await startApp({ filters: { enabled: ['quality'] } })
    const { status, headers } = await app.signed('50x50/filters:grayscale():quality(40)/flower.jpg')
    expect([status, headers['x-imgsvc-ignored']]).toEqual([200, 'grayscale()'])
  })

  test('or refuses them, and says why', async () => {
    app = await startApp({ filters: { enabled: ['quality'], onInvalid: 'reject' } })
    const reply = await app.signed('50x50/filters:grayscale()/flower.jpg')
    expect([reply.status, errorCode(reply)]).toEqual([400, 'FILTER_INVALID'])
    expect(JSON.parse(reply.body.toString()).error.message).toContain('switched off')
  })
})

test('HEAD has the status and the headers of GET on every route, and no body', async () => {
  app = await startApp({
    results: { type: 'none' },
    security: { useBlacklist: true },
    upload: { enabled: true },
  })
  const body = (await app.signed('20x20/flower.jpg')).body
  const { headers: posted } = await app.get('/image', {
    method: 'POST',
    body,
    headers: { 'content-type': 'image/jpeg' },
  })
  const paths = [
    app.sign('50x50/flower.jpg'),
    app.sign('meta/50x50/flower.jpg'),
    app.sign('none.jpg'),
    '/unsafe/flower.jpg',
    '/nothing',
    '/healthcheck',
    '/readyz',
    '/blacklist',
    String(posted.location),
    `/image/${'0'.repeat(32)}`,
  ]
  for (const path of paths) {
    const [got, head] = [await app.get(path), await app.get(path, { method: 'HEAD' })]
    expect(head.status, path).toBe(got.status)
    expect(head.body.length, path).toBe(0)
    for (const name of ['content-type', 'content-length', 'cache-control', 'etag', 'last-modified', 'vary'] as const) {
      if (got.status < 400 || name !== 'content-length')
        expect(head.headers[name], `${path} ${name}`).toBe(got.headers[name])
    }
  }
})

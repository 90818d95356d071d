import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { errorCode, type RunningApp, startApp } from './app-fixture.ts'

let app: RunningApp
beforeAll(async () => {
  app = await startApp({ images: { autoWebp: true } })
})
afterAll(() => app.stop())

const document = {
  thumbor: {
    source: { url: 'coffee.png', width: 600, height: 400, frameCount: 1 },
    operations: [
      { type: 'crop', left: 100, top: 0, right: 500, bottom: 400 },
      { type: 'resize', width: 50, height: 50 },
    ],
    target: { width: 50, height: 50 },
    focal_points: [{ x: 300, y: 200, z: 1, height: 1, width: 1, origin: 'alignment' }],
  },
}

test('/meta/ answers the arithmetic of the picture as JSON, and no picture is made', async () => {
  const { status, headers, body } = await app.signed('meta/50x50/coffee.png')
  expect(status).toBe(200)
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'content-length': String(body.length),
    'cache-control': 'max-age=86400,public',
    'x-cache': 'MISS',
  })
  expect(headers.vary).toBeUndefined()
  expect(JSON.parse(body.toString())).toEqual(document)
  expect(headers['server-timing']).not.toContain('render')
  expect(await app.metrics()).toContain('imgsvc_rendered_bytes_total{format="json"}')
})

test('it is kept apart from the picture, comes from the result storage and keeps its type', async () => {
  const first = await app.signed('meta/51x50/coffee.png')
  const again = await vi.waitFor(async () => {
    const reply = await app.signed('meta/51x50/coffee.png', { headers: { accept: 'image/webp' } })
    expect(reply.headers['x-cache']).toBe('HIT')
    return reply
  })
  expect(again.headers['content-type']).toBe('application/json')
  expect(again.body.equals(first.body)).toBe(true)
  expect((await app.signed('51x50/coffee.png')).headers['content-type']).toBe('image/png')
})

test('HEAD and conditional requests work as for pictures', async () => {
  const { headers, body } = await app.signed('meta/52x50/coffee.png')
  const head = await app.signed('meta/52x50/coffee.png', { method: 'HEAD' })
  expect([head.status, head.body.length, head.headers['content-length']]).toEqual([200, 0, String(body.length)])
  const known = await app.signed('meta/52x50/coffee.png', { headers: { 'if-none-match': String(headers.etag) } })
  expect([known.status, known.body.length, known.headers.etag]).toEqual([304, 0, headers.etag])
})

test('what trim cuts away is found in the pixels and listed as a crop', async () => {
  const root = mkdtempSync(join(tmpdir(), 'imgsvc-meta-'))
  const framed = sharp({ create: { width: 60, height: 30, channels: 3, background: 'red' } }).extend({
    top: 5,
    bottom: 6,
    left: 7,
    right: 8,
    background: 'white',
  })
  writeFileSync(join(root, 'framed.png'), await framed.png().toBuffer())
  const trimming = await startApp({ sources: [{ type: 'file', root }] })
  try {
    const { body } = await trimming.signed('meta/trim/30x0/framed.png')
    expect(JSON.parse(body.toString()).thumbor).toMatchObject({
      source: { width: 75, height: 41 },
      operations: [
        { type: 'crop', left: 7, top: 5, right: 67, bottom: 35 },
        { type: 'resize', width: 30, height: 15 },
      ],
      target: { width: 30, height: 15 },
    })
  } finally {
    await trimming.stop()
    rmSync(root, { recursive: true, force: true })
  }
})

test.each([
  ['meta/missing.jpg', 404, 'SOURCE_NOT_FOUND'],
  ['meta/ATTRIBUTION.md', 400, 'SOURCE_UNDECODABLE'],
  ['meta/99999x99999/coffee.png', 400, 'OUTPUT_TOO_LARGE'],
])('%s → %i %s', async (path, status, code) => {
  const reply = await app.signed(path)
  expect([reply.status, errorCode(reply)]).toEqual([status, code])
})

describe('JSONP', () => {
  const path = 'meta/50x50/coffee.png'
  const called = (callback: string, headers = {}) => app.get(`${app.sign(path)}?callback=${callback}`, { headers })

  test('hands the document to the function named in the query, which needs no signature', async () => {
    const reply = await called('app.show')
    expect(reply.headers['content-type']).toBe('text/javascript')
    expect(reply.body.toString()).toBe(`app.show(${JSON.stringify(document)});`)
  })

  test('has a tag of its own for each function, and they all share one kept result', async () => {
    const [plain, a, b] = [await app.signed(path), await called('a'), await called('b')]
    expect(new Set([plain, a, b].map(({ headers }) => headers.etag)).size).toBe(3)
    const known = await called('a', { 'if-none-match': String(a.headers.etag) })
    expect([known.status, known.headers.etag]).toEqual([304, a.headers.etag])
    expect((await called('a', { 'if-none-match': String(b.headers.etag) })).status).toBe(200)
    expect([a, b].map(({ headers }) => headers['x-cache'])).toEqual(['HIT', 'HIT'])
  })

  test.each(['alert(1)//', '', '%3C/script%3E'])('callback=%s is refused', async (callback) => {
    const reply = await called(callback)
    expect([reply.status, errorCode(reply)]).toEqual([400, 'URL_MALFORMED'])
  })

  test('means nothing for pictures', async () => {
    const reply = await app.get(`${app.sign('50x50/coffee.png')}?callback=x`)
    expect(reply.headers['content-type']).toBe('image/png')
  })

  test('images.metaCallback goes before the query', async () => {
    const configured = await startApp({ images: { metaCallback: 'show' } })
    try {
      const reply = await configured.get(`${configured.sign(path)}?callback=other`)
      expect(reply.body.toString().startsWith('show({')).toBe(true)
      expect(reply.headers['content-type']).toBe('text/javascript')
    } finally {
      await configured.stop()
    }
  })
})

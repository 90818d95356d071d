import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { errorCode, type RunningApp, startApp } from './app-fixture.ts'

let app: RunningApp
beforeAll(async () => {
  app = await startApp({ images: { autoWebp: true, autoAvif: true }, limits: { sourceBytes: '4MB' } })
})
afterAll(() => app.stop())

const size = async (body: Buffer) => {
  const { width, height, format } = await sharp(body).metadata()
  return [width, height, format]
}

describe('a picture', () => {
  test.each([
    ['300x200/flower.jpg', [300, 200, 'jpeg']],
    ['512x512/flower.jpg', [512, 512, 'jpeg']],
    ['fit-in/300x300/flower.jpg', [300, 200, 'jpeg']],
    ['0x100/flower.jpg', [150, 100, 'jpeg']],
    ['-100x0/astronaut.png', [100, 100, 'png']],
    ['10x10:110x60/coffee.png', [100, 50, 'png']],
    ['64x64/filters:format(webp)/chelsea.png', [64, 64, 'webp']],
    ['64x64/filters:format(avif)/rocket.jpg', [64, 64, 'heif']],
    ['64x64/filters:format(gif)/rocket.jpg', [64, 64, 'gif']],
    ['100x0/filters:rotate(90)/rocket.jpg', [67, 100, 'jpeg']],
    ['50x50/flower-small-cmyk.jpg', [50, 50, 'jpeg']],
    ['50x50/flower-small-gray-alpha.png', [50, 50, 'png']],
  ])('%s has exactly the size and format asked for', async (path, expected) => {
    const { status, body, headers } = await app.signed(path)
    expect(status).toBe(200)
    expect(await size(body)).toEqual(expected)
    expect(Number(headers['content-length'])).toBe(body.length)
  })

  test('carries the headers a CDN needs', async () => {
    const { headers } = await app.signed('40x30/flower.jpg')
    expect(headers).toMatchObject({
      'content-type': 'image/jpeg',
      'cache-control': 'max-age=86400,public',
      vary: 'Accept',
      'x-cache': 'MISS',
    })
    expect(headers.etag).toMatch(/^"[0-9a-f]{40}"$/)
    expect(Date.parse(String(headers.expires)) - Date.now()).toBeGreaterThan(86_000_000)
    expect(Date.parse(String(headers['last-modified']))).not.toBeNaN()
    expect(headers['server-timing']).toMatch(/render;dur=\d/)
    expect(headers['x-request-id']).toMatch(/^[\w.-]+$/)
  })

  test('comes from the result storage the second time, byte for byte', async () => {
    const first = await app.signed('41x31/flower.jpg')
    const second = await vi.waitFor(async () => {
      const reply = await app.signed('41x31/flower.jpg')
      expect(reply.headers['x-cache']).toBe('HIT')
      return reply
    })
    expect(second.body.equals(first.body)).toBe(true)
    expect(second.headers.etag).toBe(first.headers.etag)
  })

  test('asked for by many at once is made once', async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, () => app.signed('333x222/flower.jpg')))
    expect(new Set(replies.map((reply) => reply.status))).toEqual(new Set([200]))
    const made = replies.filter((reply) => reply.headers['x-cache'] === 'MISS')
    expect(made).toHaveLength(1)
  })

  test('HEAD answers the headers of GET without the body', async () => {
    const get = await app.signed('42x32/flower.jpg')
    const head = await app.signed('42x32/flower.jpg', { method: 'HEAD' })
    expect(head.status).toBe(200)
    expect(head.body.length).toBe(0)
    expect(head.headers['content-length']).toBe(get.headers['content-length'])
    expect(head.headers.etag).toBe(get.headers.etag)
  })

  test('max_age() sets the lifetime and 0 removes it', async () => {
    expect((await app.signed('20x20/filters:max_age(30)/flower.jpg')).headers['cache-control']).toBe(
      'max-age=30,public',
    )
    const none = await app.signed('20x20/filters:max_age(0)/flower.jpg')
    expect([none.headers['cache-control'], none.headers.expires]).toEqual([undefined, undefined])
  })

  test('names the filters it ignored', async () => {
    const { status, headers } = await app.signed('20x20/filters:nonsense(1):rotate(abc)/flower.jpg')
    expect(status).toBe(200)
    expect(headers['x-imgsvc-ignored']).toBe('nonsense(1) rotate(abc)')
  })
})

describe('negotiation', () => {
  test.each([
    ['image/avif,image/webp,*/*', 'image/webp'],
    ['image/avif', 'image/avif'],
    ['image/webp;q=0,image/avif;q=0.5', 'image/avif'],
    ['image/webp;q=0', 'image/jpeg'],
    ['*/*', 'image/jpeg'],
  ])('Accept: %s → %s', async (accept, type) => {
    const { headers } = await app.signed('30x30/rocket.jpg', { headers: { accept } })
    expect(headers).toMatchObject({ 'content-type': type, vary: 'Accept' })
  })

  test('format() is final and needs no Vary', async () => {
    const { headers } = await app.signed('30x30/filters:format(png)/rocket.jpg', { headers: { accept: 'image/webp' } })
    expect(headers['content-type']).toBe('image/png')
    expect(headers.vary).toBeUndefined()
  })
})

describe('conditional requests', () => {
  test('a known tag is answered 304 without a picture being made', async () => {
    const { headers } = await app.signed('43x33/flower.jpg')
    const fresh = await startApp({ images: { autoWebp: true, autoAvif: true } })
    try {
      const reply = await fresh.signed('43x33/flower.jpg', { headers: { 'if-none-match': String(headers.etag) } })
      expect(reply.status).toBe(304)
      expect(reply.body.length).toBe(0)
      expect(reply.headers.etag).toBe(headers.etag)
      expect(await fresh.metrics()).not.toContain('stage="render"')
    } finally {
      await fresh.stop()
    }
  })

  test('If-Modified-Since is honoured to the second, a bad date is ignored', async () => {
    const { headers } = await app.signed('44x34/flower.jpg')
    const since = (date: string) => app.signed('44x34/flower.jpg', { headers: { 'if-modified-since': date } })
    expect((await since(String(headers['last-modified']))).status).toBe(304)
    expect((await since('not a date')).status).toBe(200)
    expect((await since('Thu, 01 Jan 1970 00:00:00 GMT')).status).toBe(200)
  })
})

describe('what the client did wrong', () => {
  test.each([
    ['/300x200/flower.jpg', 400, 'URL_BAD_SIGNATURE'],
    ['/unsafe/300x200/flower.jpg', 400, 'URL_UNSAFE_DISABLED'],
    ['/Unsafe/300x200/flower.jpg', 400, 'URL_BAD_SIGNATURE'],
    ['/AAAAAAAAAAAAAAAAAAAAAAAAAAA=/300x200/flower.jpg', 400, 'URL_BAD_SIGNATURE'],
    [`/${'x'.repeat(9000)}`, 414, 'URL_TOO_LONG'],
  ])('%s → %i', async (path, status, code) => {
    const reply = await app.get(path)
    expect([reply.status, errorCode(reply)]).toEqual([status, code])
    expect(reply.headers['cache-control']).toBe('no-store')
    expect(reply.headers['content-type']).toBe('application/json')
  })

  test('one changed character of the signature or of the path is refused', async () => {
    const good = app.sign('300x200/flower.jpg')
    for (const bad of [good.replace('300x200', '300x201'), `/A${good.slice(2)}`, `${good}x`, `${good}/`]) {
      if (bad !== good) expect((await app.get(bad)).status).toBe(400)
    }
  })

  test.each([
    ['missing.jpg', 404, 'SOURCE_NOT_FOUND'],
    ['../../../etc/passwd', 404, 'SOURCE_NOT_FOUND'],
    ['%2e%2e%2f%2e%2e%2fetc%2fpasswd', 404, 'SOURCE_NOT_FOUND'],
    ['a%00b.jpg', 404, 'SOURCE_NOT_FOUND'],
    ['%FF.jpg', 400, 'URL_MALFORMED'],
    ['http://example.com/a.jpg', 400, 'SOURCE_REFUSED'],
    ['ATTRIBUTION.md', 400, 'SOURCE_UNDECODABLE'],
    ['99999x99999/flower.jpg', 400, 'OUTPUT_TOO_LARGE'],
    ['99999999999999999999x1/flower.jpg', 400, 'OUTPUT_TOO_LARGE'],
  ])('%s → %i %s', async (path, status, code) => {
    const reply = await app.signed(path)
    expect([reply.status, errorCode(reply)]).toEqual([status, code])
  })

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is answered 405', async (method) => {
    const reply = await app.signed('300x200/flower.jpg', { method })
    expect(reply.status).toBe(405)
    expect(reply.headers.allow).toBe('GET, HEAD')
  })
})

describe('sources that cannot be served', () => {
  let bad: RunningApp
  beforeAll(async () => {
    bad = await startApp({ limits: { sourceBytes: '1MB' } })
    await bad.stop()
    const root = join(bad.dir, 'bad')
    mkdirSync(root, { recursive: true })
    writeFileSync(join(root, 'empty.jpg'), '')
    writeFileSync(join(root, 'one-byte.jpg'), 'x')
    writeFileSync(join(root, 'page.jpg'), '<html><body>not a picture</body></html>')
    const svg = (box: string) =>
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${box}"><rect width="5" height="5"/></svg>`
    writeFileSync(join(root, 'endless.svg'), svg('1e9 1e9'))
    writeFileSync(join(root, 'wide.svg'), svg('40000 100'))
    writeFileSync(join(root, 'huge.bin'), Buffer.alloc(2 * 1024 * 1024))
    const bomb = await sharp({
      create: { width: 16_000, height: 16_000, channels: 3, background: 'red' },
      limitInputPixels: false,
    })
      .png({ compressionLevel: 9 })
      .toBuffer()
    writeFileSync(join(root, 'bomb.png'), bomb)
    bad = await startApp({ sources: [{ type: 'file', root }], limits: { sourceBytes: '1MB' } })
  }, 60_000)
  afterAll(() => bad.stop())

  test.each([
    ['empty.jpg', 400, 'SOURCE_UNDECODABLE'],
    ['one-byte.jpg', 400, 'SOURCE_UNDECODABLE'],
    ['page.jpg', 400, 'SOURCE_UNDECODABLE'],
    ['huge.bin', 422, 'SOURCE_TOO_LARGE'],
    ['bomb.png', 400, 'SOURCE_TOO_MANY_PIXELS'],
    ['endless.svg', 400, 'SOURCE_UNDECODABLE'],
    ['0x0/wide.svg', 400, 'SOURCE_UNDECODABLE'],
  ])('%s → %i %s', async (path, status, code) => {
    const reply = await bad.signed(path.includes('/') ? path : `10x10/${path}`)
    expect([reply.status, errorCode(reply)]).toEqual([status, code])
  })
})

describe('settings', () => {
  test('unsafe URLs are served when they are allowed', async () => {
    const open = await startApp({ security: { allowUnsafe: true } })
    try {
      expect((await open.get('/unsafe/10x10/flower.jpg')).status).toBe(200)
    } finally {
      await open.stop()
    }
  })

  test('previous keys are still accepted', async () => {
    const rotated = await startApp({ security: { key: 'new', previousKeys: ['old', 'a key for tests'] } })
    try {
      expect((await rotated.signed('10x10/flower.jpg')).status).toBe(200)
    } finally {
      await rotated.stop()
    }
  })

  test('filters.onInvalid: reject answers 400 and says what would be right', async () => {
    const strict = await startApp({ filters: { onInvalid: 'reject' } })
    try {
      const reply = await strict.signed('10x10/filters:brightness(x)/flower.jpg')
      expect([reply.status, errorCode(reply)]).toEqual([400, 'FILTER_INVALID'])
      expect(reply.body.toString()).toContain('brightness')
    } finally {
      await strict.stop()
    }
  })
})

describe('a failing upstream', () => {
  const upstream = createServer((_req, res) => res.writeHead(500).end())
  let base: string
  beforeAll(async () => {
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    base = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  })
  afterAll(() => {
    upstream.close()
  })

  test.each([
    [false, 502],
    [true, 404],
  ])('compat.thumborStatus %s → %i', async (thumborStatus, status) => {
    const http = await startApp({
      sources: [{ type: 'http', allow: ['127.0.0.1'], allowPrivate: ['127.0.0.0/8'] }],
      compat: { thumborStatus },
    })
    try {
      const reply = await http.signed(`10x10/${base}/a.jpg`)
      expect(reply.status).toBe(status)
      expect(errorCode(reply)).toBe('SOURCE_FAILED')
      expect(reply.headers['cache-control']).toBe('no-store')
    } finally {
      await http.stop()
    }
  })
})

test('a client that leaves frees its place', async () => {
  const leaving = new AbortController()
  const asked = app.get(app.sign('1500x1000/filters:blur(100)/flower.jpg'), { signal: leaving.signal })
  setImmediate(() => leaving.abort())
  await expect(asked).rejects.toThrow()
  await vi.waitFor(async () => expect(await app.metrics()).toContain('imgsvc_renders_in_flight 0'))
  expect((await app.signed('10x10/flower.jpg')).status).toBe(200)
})

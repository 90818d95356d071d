import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { originalPath } from '../src/stores/keys.ts'
import { errorCode, type Reply, type RunningApp, SAMPLES, startApp } from './app-fixture.ts'
import { formOf } from './form.ts'

const picture = (width: number, height: number, background = '#f00') =>
  sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer()

let app: RunningApp
let png: Buffer
beforeAll(async () => {
  png = await picture(60, 40)
  app = await startApp({
    upload: { enabled: true, allowPut: true, allowDelete: true, maxSize: '1MB' },
    balancer: { maxBody: '2MB' },
  })
})
afterAll(() => app.stop())

const post = (body: Buffer | string, headers: Record<string, string> = {}) =>
  app.get('/image', { method: 'POST', headers, body })
const put = (path: string, body: Buffer | string) => app.get(path, { method: 'PUT', body })
const locationOf = ({ headers }: Reply) => String(headers.location)
const idOf = (reply: Reply) => locationOf(reply).split('/')[2] as string
const storedFiles = () =>
  readdirSync(join(app.dir, 'originals'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
const pixel = async ({ body }: Reply) => [
  ...(await sharp(body).extract({ left: 5, top: 5, width: 1, height: 1 }).raw().toBuffer()),
]

describe('an upload', () => {
  test('is answered with its place, and read there byte for byte', async () => {
    const reply = await post(png, { 'Content-Type': 'image/png', Slug: 'caf%C3%A9.png' })
    expect(reply.status).toBe(201)
    expect(locationOf(reply)).toMatch(/^\/image\/[0-9a-f]{32}\/caf%C3%A9\.png$/)
    const got = await app.get(locationOf(reply))
    expect(got).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'image/png',
        'cache-control': 'max-age=86400,public',
        'x-content-type-options': 'nosniff',
      },
    })
    expect(got.body.equals(png)).toBe(true)
    const head = await app.get(locationOf(reply), { method: 'HEAD' })
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, String(png.length), 0])
  })

  test('is a source of the image route, under its id and any name', async () => {
    const id = idOf(await post(png))
    for (const path of [`30x20/${id}`, `30x20/${id}/cat.jpg`]) {
      const reply = await app.signed(path)
      expect(reply.status).toBe(200)
      expect(await sharp(reply.body).metadata()).toMatchObject({ width: 30, height: 20 })
    }
    const meta = await app.signed(`meta/30x20/${id}/cat.jpg`)
    expect(JSON.parse(meta.body.toString()).thumbor.source.url).toBe(id)
    expect((await app.get(`/30x20/${id}`)).status).toBe(400)
  })

  test('lies where thumbor keeps it', async () => {
    const id = idOf(await post(png))
    expect(readFileSync(join(app.dir, 'originals', originalPath(id))).equals(png)).toBe(true)
  })

  test('that was replaced or removed is not served from the results any more', async () => {
    const id = idOf(await post(await picture(60, 40, '#f00')))
    const ask = () => app.signed(`30x20/${id}/a.png`)
    await vi.waitFor(async () => expect((await ask()).headers['x-cache']).toBe('HIT'))
    expect(await pixel(await ask())).toEqual([255, 0, 0])
    expect((await put(`/image/${id}/a.png`, await picture(60, 40, '#00f'))).status).toBe(204)
    expect(await pixel(await ask())).toEqual([0, 0, 255])
    expect((await app.get(`/image/${id}`, { method: 'DELETE' })).status).toBe(204)
    expect((await ask()).status).toBe(404)
    expect((await app.get(`/image/${id}`, { method: 'DELETE' })).status).toBe(404)
  })

  test('may be put under a new id', async () => {
    expect((await put('/image/my-own_id', png)).status).toBe(204)
    expect((await app.get('/image/my-own_id')).body.equals(png)).toBe(true)
    expect((await app.signed('30x20/my-own_id')).status).toBe(200)
  })

  test('counts as missing beyond storage.expires, and is still there', async () => {
    const id = idOf(await post(png))
    const path = join(app.dir, 'originals', originalPath(id))
    utimesSync(path, new Date(0), new Date(0))
    expect((await app.get(`/image/${id}`)).status).toBe(404)
    expect((await app.signed(`30x20/${id}`)).status).toBe(404)
    expect(statSync(path).size).toBe(png.length)
  })

  test('is not thrown away when its picture cannot be made', async () => {
    const id = idOf(await post(png))
    const path = join(app.dir, 'originals', originalPath(id))
    const damaged = Buffer.from('damaged by a disk')
    writeFileSync(path, damaged)
    expect((await app.signed(`30x20/${id}`)).status).toBe(400)
    expect(readFileSync(path).equals(damaged)).toBe(true)
  })
})

describe('what is refused', () => {
  const form = (name: string, bytes: Buffer) => formOf('media', name, bytes)

  test.each([
    ['an empty body', '', {}],
    ['a text', 'no picture', { 'Content-Type': 'image/png' }],
    ['an empty form', '', { 'Content-Type': 'multipart/form-data; boundary=X' }],
    ['a form without a boundary', '--X\r\n', { 'Content-Type': 'multipart/form-data' }],
    [
      'a form of a thousand parts',
      '--X\r\nA: b\r\n\r\n\r\n'.repeat(1000),
      { 'Content-Type': 'multipart/form-data; boundary=X' },
    ],
    ['nonsense as type', 'x', { 'Content-Type': ';;=,"' }],
  ] as const)('%s is 415', async (_, body, headers) => {
    const reply = await post(body, headers)
    expect([reply.status, errorCode(reply)]).toEqual([415, 'UPLOAD_NOT_IMAGE'])
  })

  test('a form that is cut off is 415', async () => {
    const { headers, body } = form('a.png', png)
    expect((await post(body.subarray(0, body.length - 60), headers)).status).toBe(415)
  })

  test('a large picture is 412, a large text 415, a body beyond the limit of bodies 413', async () => {
    const padded = Buffer.concat([png, Buffer.alloc(1024 * 1024)])
    expect((await post(padded)).status).toBe(412)
    expect((await post('x'.repeat(1024 * 1024 + 1))).status).toBe(415)
    const huge = await post(Buffer.alloc(2 * 1024 * 1024 + 1))
    expect([huge.status, errorCode(huge)]).toEqual([413, 'BODY_TOO_LARGE'])
  })

  test.each(['../../x.png', '..\\..\\x.png', '/etc/passwd', 'n'.repeat(10_000), 'a%0D%0AX: y', '\u0001\u0002', '.'])(
    'the name %.20s stays one segment of Location',
    async (name) => {
      const { headers, body } = form(name, png)
      // A name of this length passes the bound on the headers of a part.
      const reply = await post(body, headers)
      if (name.length > 8000) expect(reply.status).toBe(415)
      else {
        expect(reply.status).toBe(201)
        expect(locationOf(reply)).toMatch(/^\/image\/[0-9a-f]{32}\/[\w.~%-]{1,300}$/)
        expect((await app.get(locationOf(reply))).status).toBe(200)
      }
    },
  )

  test.each([
    ['/image/', 400],
    ['/image/..', 400],
    ['/image/..%2f..%2f..%2fetc%2fpasswd', 400],
    ['/image/%00', 400],
    ['/image/%ff', 400],
    ['/image/blacklist.txt', 400],
    ['/image/http%3A%2F%2Fexample.com%2Fa.jpg', 400],
  ])('PUT %s is %i and writes nothing', async (path, status) => {
    const before = storedFiles().length
    expect((await put(path, png)).status).toBe(status)
    expect(storedFiles()).toHaveLength(before)
    const read = await app.get(path)
    expect(read.status).toBeGreaterThanOrEqual(400)
    expect(read.status).toBeLessThan(500)
    expect((await app.get(path, { method: 'DELETE' })).status).toBe(read.status)
  })

  test('other methods are 405 and told which are not', async () => {
    for (const [path, method, allow] of [
      ['/image', 'GET', 'POST'],
      ['/image', 'DELETE', 'POST'],
      ['/image/abc', 'POST', 'GET, HEAD, PUT, DELETE'],
    ] as const) {
      const reply = await app.get(path, { method })
      expect([reply.status, reply.headers.allow]).toEqual([405, allow])
    }
  })

  test('a client that leaves half way is no error, and nothing is kept', async () => {
    const before = storedFiles().length
    const socket = connect(Number(new URL(app.origin).port), '127.0.0.1')
    socket.write(`POST /image HTTP/1.1\r\nHost: x\r\nContent-Length: ${png.length}\r\n\r\n`)
    socket.write(png.subarray(0, 20))
    await once(socket, 'connect')
    socket.resetAndDestroy()
    await vi.waitFor(() => expect(readFileSync(join(app.dir, 'worker.log'), 'utf8')).toMatch(/"status":499/))
    expect(storedFiles()).toHaveLength(before)
  })
})

test('many at once on one id leave one of them whole', async () => {
  const id = idOf(await post(png))
  const pictures = await Promise.all(Array.from({ length: 12 }, (_, i) => picture(50 + i, 30)))
  const replies = await Promise.all([
    ...pictures.map((bytes) => put(`/image/${id}`, bytes)),
    ...pictures.map(() => app.get(`/image/${id}`)),
    ...pictures.map((_, i) => app.signed(`${20 + i}x20/${id}`)),
  ])
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([204, 200]))
  const { body } = await app.get(`/image/${id}`)
  expect(pictures.some((bytes) => bytes.equals(body))).toBe(true)
  const mixed = await Promise.all([
    ...pictures.map(() => app.get(`/image/${id}`)),
    app.get(`/image/${id}`, { method: 'DELETE' }),
    ...pictures.map(() => app.get(`/image/${id}`)),
  ])
  for (const { status } of mixed) expect([200, 204, 404]).toContain(status)
  expect(readdirSync(join(app.dir, 'originals/.incoming'))).toEqual([])
})

test('an SVG is not run by the browser that opens it', async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
  const { headers } = await app.get(locationOf(await post(svg)))
  expect(headers).toMatchObject({
    'content-type': 'image/svg+xml',
    'content-security-policy': expect.stringContaining('sandbox'),
  })
})

test('a disk that fails is 502, never an upload that is not there', async () => {
  const broken = await startApp({
    upload: { enabled: true },
    // A file where the directory should be.
    storage: { type: 'file', root: join(SAMPLES, 'flower.jpg') },
  })
  const reply = await broken.get('/image', { method: 'POST', body: png })
  expect([reply.status, errorCode(reply)]).toEqual([502, 'STORE_FAILED'])
  await broken.stop()
})

test('switched off, the routes belong to the image route', async () => {
  const off = await startApp()
  expect((await off.get('/image', { method: 'POST', body: png })).status).toBe(405)
  expect((await off.get('/image/abc')).status).toBe(400)
  expect((await off.get('/blacklist')).status).toBe(400)
  await off.stop()
})

test.each([{ upload: { enabled: true } }, { security: { useBlacklist: true } }])(
  'without a storage %j does not start',
  async (settings) => {
    await expect(startApp({ ...settings, storage: { type: 'none' } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      detail: expect.stringContaining('storage.type'),
    })
  },
)

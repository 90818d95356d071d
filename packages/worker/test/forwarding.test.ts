import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { HttpSourceConfig } from '@imgsvc/core/config/sections/sources'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { type RunningApp, SAMPLES, startApp } from './app-fixture.ts'
import { httpSource } from './http-source.ts'

/** Requests the host has had. */
const seen: IncomingHttpHeaders[] = []
const small = sharp(readFileSync(join(SAMPLES, 'flower.jpg'))).resize(40, 30)
let pictures: Readonly<Record<'plain' | 'blurred', Buffer>>
/** Shows another picture to those with a cookie; `/moved` leads to the same picture under another name. */
const host = createServer((request, response) => {
  seen.push(request.headers)
  if (request.url === '/moved.jpg') response.writeHead(302, { location: `http://localhost:${port}/a.jpg` }).end()
  else response.end(request.headers.cookie === undefined ? pictures.plain : pictures.blurred)
})
let port: number
let app: RunningApp

beforeAll(async () => {
  pictures = { plain: await small.clone().jpeg().toBuffer(), blurred: await small.clone().blur(5).jpeg().toBuffer() }
  host.listen(0)
  await once(host, 'listening')
  port = (host.address() as AddressInfo).port
})
afterAll(() => {
  host.closeAllConnections()
  host.close()
})
afterEach(async () => {
  seen.length = 0
  await app.stop()
})

const start = async (more: Partial<HttpSourceConfig>) => {
  const allowPrivate = ['127.0.0.0/8', '::1/128']
  app = await startApp({ sources: [httpSource({ allowPrivate, ...more })] })
}
const get = (headers: Record<string, string>, path = 'a.jpg') =>
  app.signed(`20x15/http://127.0.0.1:${port}/${path}`, { headers })

test('by default the host sees nothing of the client, and everybody gets the same picture', async () => {
  await start({})
  const first = await get({ cookie: 'id=1', 'user-agent': 'a browser', 'x-api-key': 'k' })
  expect(first.status).toBe(200)
  expect(seen).toHaveLength(1)
  expect(seen[0]).toMatchObject({ 'user-agent': 'imgsvc', accept: 'image/*;q=0.9,*/*;q=0.1' })
  expect(seen[0]).not.toHaveProperty('cookie')
  expect(seen[0]).not.toHaveProperty('x-api-key')
  await vi.waitFor(async () => expect((await get({})).headers['x-cache']).toBe('HIT'))
})

test('forwardUserAgent shows the client’s, or ours when there is none', async () => {
  await start({ forwardUserAgent: true, userAgent: 'ours' })
  await get({ 'user-agent': 'a browser' })
  await get({}, 'b.jpg')
  expect(seen.map((headers) => headers['user-agent'])).toEqual(['a browser', 'ours'])
  expect((await get({ 'user-agent': 'another' })).headers['cache-control']).toMatch(/,public$/)
})

test('what is fetched with a listed header is neither kept nor shown to others', async () => {
  await start({ forwardHeaders: ['Cookie'] })
  const own = await get({ cookie: 'id=1' })
  const again = await get({ cookie: 'id=1' })
  const others = await get({})
  expect([own, again, others].map(({ status }) => status)).toEqual([200, 200, 200])
  expect(seen.map((headers) => headers.cookie)).toEqual(['id=1', 'id=1', undefined])
  expect(again.body.equals(own.body)).toBe(true)
  expect(others.body.equals(own.body)).toBe(false)
  expect(own.headers).toMatchObject({ 'cache-control': 'max-age=86400,private', 'x-cache': 'MISS' })
  expect(others.headers['cache-control']).toBe('max-age=86400,public')
  await vi.waitFor(async () => expect((await get({})).headers['x-cache']).toBe('HIT'))
  expect((await get({ cookie: 'id=2' })).body.equals(own.body)).toBe(true)
  expect(seen.at(-1)?.cookie).toBe('id=2')
})

test('clients with other headers do not share a fetch that is under way', async () => {
  await start({ forwardHeaders: ['Cookie'] })
  const [one, other, none] = await Promise.all([get({ cookie: 'id=1' }), get({ cookie: 'id=2' }), get({})])
  expect([one, other, none].map(({ status }) => status)).toEqual([200, 200, 200])
  expect(new Set(seen.map(({ cookie }) => cookie))).toEqual(new Set(['id=1', 'id=2', undefined]))
  expect(none.body.equals(one.body)).toBe(false)
})

test('a redirect to another host gets none of it', async () => {
  await start({ forwardAllHeaders: true })
  expect((await get({ cookie: 'id=1', authorization: 'Bearer x' }, 'moved.jpg')).status).toBe(200)
  expect(seen[0]).toMatchObject({ cookie: 'id=1', authorization: 'Bearer x', host: `127.0.0.1:${port}` })
  expect(seen[1]).not.toHaveProperty('cookie')
  expect(seen[1]).not.toHaveProperty('authorization')
})

test('a condition of a personal picture is answered from its own validators', async () => {
  await start({ forwardHeaders: ['Cookie'] })
  const own = await get({ cookie: 'id=1' })
  const etag = String(own.headers.etag)
  expect((await get({ cookie: 'id=1', 'if-none-match': etag })).status).toBe(304)
  expect((await get({ 'if-none-match': etag })).status).toBe(200)
})

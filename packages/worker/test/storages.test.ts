import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quote } from '@imgsvc/core/url/percent'
import { sign, signedUrl } from '@imgsvc/core/url/signer'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { originalPath } from '../src/stores/keys.ts'
import { errorCode, type Reply, type RunningApp, SAMPLES, startApp } from './app-fixture.ts'
import { type S3Server, startS3Server } from './s3-fixture.ts'

const jpeg = readFileSync(join(SAMPLES, 'rocket.jpg'))
const local = { type: 'http', allow: ['127.0.0.1'], allowPrivate: ['127.0.0.0/8'] } as const

let root: string
let apps: RunningApp[]
/** A far away source, which counts its requests and may be switched off. */
let far: { readonly server: Server; readonly url: string; hits: number; isDown: boolean }
let s3: S3Server

beforeAll(async () => {
  s3 = await startS3Server('bucket', 'other')
})
afterAll(() => s3.stop())
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'st-'))
  apps = []
  const server = createServer((_, response) => {
    far.hits++
    if (far.isDown) response.writeHead(404).end()
    else response.end(jpeg)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  far = { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, hits: 0, isDown: false }
})
afterEach(async () => {
  for (const app of apps) await app.stop()
  far.server.closeAllConnections()
  await new Promise((resolve) => far.server.close(resolve))
  rmSync(root, { recursive: true, force: true })
})

async function start(config: Parameters<typeof startApp>[0]): Promise<RunningApp> {
  const app = await startApp(config)
  apps.push(app)
  return app
}
/** Ends an application, and with it every write it began. */
async function stop(app: RunningApp): Promise<void> {
  apps.splice(apps.indexOf(app), 1)
  await app.stop()
}

const sizeOf = async ({ body }: Reply) => {
  const { width, height, format } = await sharp(body).metadata()
  return `${width}x${height} ${format}`
}
const filesIn = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    // What is still being written.
    .filter((file) => !file.startsWith('.incoming'))
const errorsOf = async (app: RunningApp, cache: string) => {
  const line = new RegExp(`^imgsvc_cache_requests_total\\{[^}]*cache="${cache}",result="error"[^}]*\\} (\\d+)`, 'm')
  return Number(line.exec(await app.metrics())?.[1] ?? 0)
}
const untilWritten = (path: string) => expect.poll(() => filesIn(root), { timeout: 5_000 }).toContain(path)

describe('keys per image', () => {
  const boot = (key: string, more: { keyPerImage?: boolean; sources?: typeof local } = {}) =>
    start({
      security: { key, keyPerImage: more.keyPerImage ?? true },
      ...(more.sources && { sources: [more.sources] }),
      storage: { type: 'file', root },
      results: { type: 'none' },
    })
  const path = '20x20/flower.jpg'

  test.each(['a source on this disk', 'a source far away'])(
    '%s: old URLs of a loaded image stay valid',
    async (kind) => {
      const isFar = kind.endsWith('away')
      const source = isFar ? `${quote(far.url)}/a.jpg` : 'flower.jpg'
      const sources = isFar ? { sources: local } : {}
      const first = await boot('the old key', sources)
      expect((await first.get(signedUrl(`20x20/${source}`, 'the old key'))).status).toBe(200)
      await untilWritten(`${originalPath(source)}.txt`)
      await stop(first)
      expect(readFileSync(join(root, `${originalPath(source)}.txt`), 'utf8')).toBe('the old key')

      const second = await boot('the new key', sources)
      for (const key of ['the old key', 'the new key', 'the old key']) {
        expect((await second.get(signedUrl(`20x20/${source}`, key))).status, key).toBe(200)
      }
      const other = await second.get(signedUrl('20x20/chelsea.png', 'the old key'))
      expect([other.status, errorCode(other)]).toEqual([400, 'URL_BAD_SIGNATURE'])
      await stop(second)
      expect(far.hits).toBe(isFar ? 1 : 0)
      expect(readFileSync(join(root, `${originalPath(source)}.txt`), 'utf8')).toBe('the old key')
    },
  )

  test('a wrong signature stays wrong, whatever is stored', async () => {
    const app = await boot('key')
    expect((await app.get(signedUrl(path, 'key'))).status).toBe(200)
    await untilWritten(`${originalPath('flower.jpg')}.txt`)
    for (const signature of [sign(path, 'another'), sign('30x30/flower.jpg', 'key'), 'x', 'A'.repeat(28)]) {
      const reply = await app.get(`/${signature}/${path}`)
      expect([reply.status, errorCode(reply)]).toEqual([400, 'URL_BAD_SIGNATURE'])
    }
  })

  test('URLs of uploads stay valid, too, with a name behind the id', async () => {
    const boot = (key: string) =>
      start({
        security: { key, keyPerImage: true },
        upload: { enabled: true },
        storage: { type: 'file', root },
        results: { type: 'none' },
      })
    const first = await boot('the old key')
    const id = String((await first.get('/image', { method: 'POST', body: jpeg })).headers.location).split('/')[2]
    expect((await first.get(signedUrl(`20x20/${id}/a.jpg`, 'the old key'))).status).toBe(200)
    await stop(first)
    const second = await boot('the new key')
    expect((await second.get(signedUrl(`30x30/${id}/b.jpg`, 'the old key'))).status).toBe(200)
  })

  test('an empty stored key opens nothing', async () => {
    const app = await boot('key')
    expect((await app.get(signedUrl(path, 'key'))).status).toBe(200)
    await untilWritten(`${originalPath('flower.jpg')}.txt`)
    writeFileSync(join(root, `${originalPath('flower.jpg')}.txt`), '\n')
    expect((await app.get(signedUrl(path, 'another'))).status).toBe(400)
  })

  test('switched off, no key is kept and a kept one opens nothing', async () => {
    const off = await boot('key', { keyPerImage: false })
    expect((await off.get(signedUrl(path, 'key'))).status).toBe(200)
    await stop(off)
    expect(filesIn(root)).toEqual([])
    const on = await boot('key')
    expect((await on.get(signedUrl(path, 'key'))).status).toBe(200)
    await stop(on)
    const offAgain = await boot('new', { keyPerImage: false })
    expect((await offAgain.get(signedUrl(path, 'key'))).status).toBe(400)
  })

  test('without a key, or a place for keys, it is a mistake of the configuration', async () => {
    await expect(start({ security: { key: '', keyPerImage: true } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      detail: expect.stringContaining('security.key'),
    })
    await expect(start({ security: { keyPerImage: true }, storage: { type: 'none' } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      detail: expect.stringContaining('storage.type'),
    })
  })
})

describe('a damaged original in the storage', () => {
  const boot = () => start({ sources: [local], storage: { type: 'file', root }, results: { type: 'none' } })
  const name = () => originalPath(`${quote(far.url)}/a.jpg`)

  async function filled(): Promise<RunningApp> {
    const app = await boot()
    expect((await app.signed(`20x20/${quote(far.url)}/a.jpg`)).status).toBe(200)
    await untilWritten(name())
    return app
  }

  test.each([
    ['noise', Buffer.from('this is no picture')],
    ['nothing', Buffer.alloc(0)],
    ['half of it', jpeg.subarray(0, jpeg.length / 2)],
  ])('%s is loaded anew and replaced', async (_, bytes) => {
    const app = await filled()
    writeFileSync(join(root, name()), bytes)
    const reply = await app.signed(`30x30/${quote(far.url)}/a.jpg`)
    expect([reply.status, await sizeOf(reply)]).toEqual([200, '30x30 jpeg'])
    expect(far.hits).toBe(2)
    await expect.poll(() => readFileSync(join(root, name())).equals(jpeg)).toBe(true)
    expect((await app.signed(`40x40/${quote(far.url)}/a.jpg`)).status).toBe(200)
    expect(far.hits).toBe(2)
  })

  test('noise whose source is gone is not found, and half a picture is served as it is', async () => {
    const app = await filled()
    far.isDown = true
    writeFileSync(join(root, name()), 'noise')
    const reply = await app.signed(`30x30/${quote(far.url)}/a.jpg`)
    expect([reply.status, errorCode(reply)]).toEqual([404, 'SOURCE_NOT_FOUND'])
    writeFileSync(join(root, name()), jpeg.subarray(0, jpeg.length / 2))
    expect(await sizeOf(await app.signed(`30x30/${quote(far.url)}/a.jpg`))).toBe('30x30 jpeg')
  })
})

test.each([
  ['a file where a folder is needed', () => join(root, 'plain')],
  ['a file system that takes no files', () => '/proc/self/imgsvc'],
])('storage and results on %s: every request is served, every failure counted', async (_, place) => {
  writeFileSync(join(root, 'plain'), 'a file where a folder is needed')
  const app = await start({
    sources: [local],
    storage: { type: 'file', root: place() },
    results: { type: 'file', root: place() },
  })
  for (const size of [20, 21, 22]) {
    const reply = await app.signed(`${size}x${size}/${quote(far.url)}/a.jpg`)
    expect([reply.status, await sizeOf(reply)]).toEqual([200, `${size}x${size} jpeg`])
  }
  await expect.poll(() => errorsOf(app, 'originals')).toBe(3)
  await expect.poll(() => errorsOf(app, 'results')).toBe(3)
})

describe('results in thumbor’s layout', () => {
  const boot = (more: object = {}) =>
    start({
      results: { type: 'file', root, layout: 'thumbor', ...more },
      images: { autoWebp: true, autoAvif: false },
      security: { allowUnsafe: true },
    })
  const webp = { headers: { Accept: 'image/webp' } }

  test('are found by another worker, each variant by those who accept it', async () => {
    const first = await boot()
    expect(await sizeOf(await first.get('/unsafe/30x20/flower.jpg', webp))).toBe('30x20 webp')
    expect(await sizeOf(await first.get('/unsafe/30x20/flower.jpg'))).toBe('30x20 jpeg')
    await stop(first)
    const second = await boot()
    const [asWebp, asJpeg] = [
      await second.get('/unsafe/30x20/flower.jpg', webp),
      await second.get('/unsafe/30x20/flower.jpg'),
    ]
    expect(asWebp.headers).toMatchObject({ 'x-cache': 'HIT', 'content-type': 'image/webp', vary: 'Accept' })
    expect(asJpeg.headers).toMatchObject({ 'x-cache': 'HIT', 'content-type': 'image/jpeg' })
    expect([await sizeOf(asWebp), await sizeOf(asJpeg)]).toEqual(['30x20 webp', '30x20 jpeg'])
    const again = await second.get('/unsafe/30x20/flower.jpg', {
      headers: { ...webp.headers, 'If-None-Match': String(asWebp.headers.etag) },
    })
    expect(again.status).toBe(304)
    expect(new Set(filesIn(root).map((file) => file.split('/')[0]))).toEqual(new Set(['auto_webp', 'default']))
  })

  test('a document of /meta/ comes back as one', async () => {
    const first = await boot()
    const made = await first.get('/unsafe/meta/30x20/flower.jpg')
    await stop(first)
    const kept = await (await boot()).get('/unsafe/meta/30x20/flower.jpg?callback=show')
    expect(kept.headers).toMatchObject({ 'x-cache': 'HIT', 'content-type': 'text/javascript' })
    expect(kept.body.toString()).toBe(`show(${made.body});`)
  })

  test('storeUnsafe: false keeps signed results alone', async () => {
    const app = await boot({ storeUnsafe: false })
    await app.get('/unsafe/30x20/flower.jpg')
    await app.signed('30x20/flower.jpg')
    await expect.poll(() => filesIn(root).length).toBe(1)
    expect((await app.get('/unsafe/30x20/flower.jpg')).headers['x-cache']).toBe('MISS')
    expect((await app.signed('30x20/flower.jpg')).headers['x-cache']).toBe('HIT')
  })
})

test('uploads have a storage of their own: found by their id, untouched by that of originals', async () => {
  const app = await start({
    upload: { enabled: true, storage: { type: 'file', root } },
    storage: { type: 'none' },
    results: { type: 'none' },
  })
  const id = String((await app.get('/image', { method: 'POST', body: jpeg })).headers.location).split('/')[2] as string
  expect(filesIn(root)).toEqual([originalPath(id)])
  expect(await sizeOf(await app.signed(`30x20/${id}/x.jpg`))).toBe('30x20 jpeg')
  expect((await app.get(`/image/${id}`)).body.equals(jpeg)).toBe(true)
})

describe('in S3', () => {
  const bucket = (more: object) => ({ type: 's3' as const, bucket: 'bucket', ...s3.connection, ...more })
  let place = 0

  test.each(['imgsvc', 'tc_aws', 'thumbor_aws'] as const)(
    '%s: originals and results are found again',
    async (layout) => {
      const prefix = `both-${place++}`
      const boot = () =>
        start({
          sources: [local],
          storage: bucket({ layout, root: `${prefix}/o/` }),
          results: bucket({ layout, root: `${prefix}/r/`, storeHeaders: true, storageClass: 'REDUCED_REDUNDANCY' }),
        })
      const first = await boot()
      const made = await first.signed(`30x20/${quote(far.url)}/a.jpg`)
      expect(await sizeOf(made)).toBe('30x20 jpeg')
      await stop(first)
      const second = await boot()
      const hit = await second.signed(`30x20/${quote(far.url)}/a.jpg`)
      expect(hit.headers).toMatchObject({ 'x-cache': 'HIT', 'content-type': 'image/jpeg' })
      expect(hit.body.equals(made.body)).toBe(true)
      expect(await sizeOf(await second.signed(`40x20/${quote(far.url)}/a.jpg`))).toBe('40x20 jpeg')
      expect(far.hits).toBe(1)
      const [original, result] = ['o', 'r'].map((part) =>
        s3.written.find((path) => path.startsWith(`/bucket/${prefix}/${part}/`)),
      )
      expect((await s3.head(decodeURIComponent(String(original).slice(1)))).headers['content-type']).toBe('image/jpeg')
      expect(s3.puts(String(result))[0]).toMatchObject({ 'x-amz-storage-class': 'REDUCED_REDUNDANCY' })
      if (layout === 'imgsvc') return
      expect((await s3.head(decodeURIComponent(String(result).slice(1)))).headers).toEqual({
        'content-type': 'image/jpeg',
        'x-amz-meta-content-type': 'image/jpeg',
        'x-amz-meta-etag': made.headers.etag,
        'x-amz-meta-cache-control': 'max-age=86400,public',
      })
    },
  )

  test('results expire by LastModified', async () => {
    const app = await start({ results: bucket({ root: `old-${place++}`, expires: '1s' }) })
    expect((await app.signed('30x20/flower.jpg')).headers['x-cache']).toBe('MISS')
    await expect.poll(async () => (await app.signed('30x20/flower.jpg')).headers['x-cache']).toBe('HIT')
    await expect
      .poll(async () => (await app.signed('30x20/flower.jpg')).headers['x-cache'], { timeout: 10_000 })
      .toBe('MISS')
  })

  test('a bucket that refuses us: every request is served, every failure counted', async () => {
    const refused = bucket({ secretAccessKey: 'wrong', retries: 0 })
    const app = await start({ sources: [local], storage: refused, results: refused })
    const reply = await app.signed(`20x20/${quote(far.url)}/a.jpg`)
    expect([reply.status, await sizeOf(reply)]).toEqual([200, '20x20 jpeg'])
    // Reading and writing.
    await expect.poll(() => errorsOf(app, 'originals')).toBe(2)
    await expect.poll(() => errorsOf(app, 'results')).toBe(2)
  })

  test('uploads are sources by their id', async () => {
    const app = await start({
      upload: { enabled: true, allowDelete: true },
      storage: bucket({ layout: 'tc_aws', root: `up-${place++}` }),
    })
    const reply = await app.get('/image', { method: 'POST', body: jpeg, headers: { 'Content-Type': 'image/jpeg' } })
    expect(reply.status).toBe(201)
    const id = String(reply.headers.location).split('/')[2]
    expect(await sizeOf(await app.signed(`30x20/${id}/rocket.jpg`))).toBe('30x20 jpeg')
    expect((await app.get(`/image/${id}`, { method: 'DELETE' })).status).toBe(204)
    expect((await app.get(`/image/${id}`)).status).toBe(404)
  })

  test('a source bucket of the path is read if it is allowed', async () => {
    const writer = await start({ upload: { enabled: true }, storage: bucket({ bucket: 'other', layout: 'tc_aws' }) })
    const id = String((await writer.get('/image', { method: 'POST', body: jpeg })).headers.location).split('/')[2]
    const allowing = (allowedBuckets: string[]) =>
      start({ sources: [{ type: 's3', ...s3.connection, allowedBuckets }], results: { type: 'none' } })
    expect(await sizeOf(await (await allowing(['other'])).signed(`30x20/other/${id}`))).toBe('30x20 jpeg')
    const refused = await (await allowing(['bucket'])).signed(`30x20/other/${id}`)
    expect([refused.status, errorCode(refused)]).toEqual([404, 'SOURCE_NOT_FOUND'])
  })
})

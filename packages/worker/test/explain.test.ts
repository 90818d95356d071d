import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { signedUrl } from '@imgsvc/core/url/signer'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningApp, SAMPLES, startApp } from './app-fixture.ts'

const OLD_KEY = 'the key before'

let app: RunningApp
beforeAll(async () => {
  app = await startApp({
    security: { previousKeys: [OLD_KEY], allowUnsafe: true },
    images: { autoWebp: true, maxOutputPixels: 4_000_000, quality: 77 },
  })
})
afterAll(() => app.stop())

describe('the plan is what is done', () => {
  test.each([
    ['300x200/flower.jpg', undefined],
    ['300x200/flower.jpg', 'image/webp'],
    ['fit-in/300x200/filters:fill(red)/chelsea.png', undefined],
    ['100x100:400x300/200x0/right/bottom/filters:quality(40):rotate(90)/flower.jpg', undefined],
    ['trim/300x0/filters:blur(3):max_age(60):nope()/flower-small-rgba.png', 'image/webp,*/*'],
    ['300x200/filters:format(png):watermark(coffee.png,-10,4p,50,20)/flower.jpg', undefined],
    ['-200x-100/smart/filters:watermark(coffee.png,-10,4p,50,20)/flower.jpg', undefined],
    ['meta/300x200/flower.jpg', undefined],
  ])('%s for %s', async (path, accept) => {
    const url = app.sign(path)
    const plan = await app.explain(url, accept)
    const reply = await app.get(url, { headers: accept === undefined ? {} : { accept } })
    expect(plan).toMatchObject({ url, status: reply.status, cache: { stored: false } })
    const told = Object.fromEntries(
      Object.entries(plan.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
    )
    // The clock may have gone on.
    const { expires: _later, ...planned } = told
    expect(reply.status).toBe(200)
    expect(reply.headers).toMatchObject(planned)
    if (reply.headers['content-type']?.startsWith('image/')) {
      const { width, height, format } = await sharp(reply.body).metadata()
      expect({ width, height, format }).toEqual({
        width: plan.result?.width,
        height: plan.result?.height,
        format: plan.format?.name,
      })
    }
    // Kept after it was sent.
    await expect.poll(async () => (await app.explain(url, accept)).cache?.stored).toBe(true)
  })

  test('steps, geometry and encoder are those of the plan', async () => {
    const plan = await app.explain(app.sign('300x200/left/filters:blur(4):quality(60)/flower.jpg'))
    expect(plan.geometry).toEqual({
      operations: [{ op: 'resize', params: { width: 300, height: 200 } }],
      focalPoints: [{ x: 0, y: 756, weight: 1, origin: 'alignment' }],
      width: 300,
      height: 200,
    })
    expect(plan.steps?.map(({ op }) => op)).toEqual(['resize', 'blur'])
    expect(plan.encoder).toMatchObject({ format: 'jpeg', quality: 60, progressive: true })
    expect(plan.source).toMatchObject({
      ...{ name: 'flower.jpg', from: 'source', loader: 'file', setting: 'sources.0' },
      ...{ format: 'jpeg', width: 2268, height: 1512 },
      bytes: readFileSync(join(SAMPLES, 'flower.jpg')).length,
    })
  })

  test.each([
    ['format(png)', undefined, 'png', 'the filter format() asks for it'],
    ['quality(80)', undefined, 'jpeg', 'the source has it, and nothing else is offered to this client'],
    [
      'quality(80)',
      'image/webp',
      'webp',
      'the client accepts it, and the settings of images allow it (candidates: webp)',
    ],
  ])('%s and Accept %s make %s, and the plan says why', async (filter, accept, format, why) => {
    const plan = await app.explain(app.sign(`30x20/filters:${filter}/flower.jpg`), accept)
    expect(plan.format).toMatchObject({ name: format, why })
    expect(plan.encoder?.format).toBe(format)
  })
})

describe('filters', () => {
  test('come with their arguments by name, defaults filled in, or with the reason they do nothing', async () => {
    const { filters } = await app.explain(app.sign('filters:blur(4):blurr(4):quality(many):grayscale()/flower.jpg'))
    expect(filters).toEqual([
      { text: 'blur(4)', name: 'blur', phase: 'pixels', args: { radius: 4, sigma: 0 }, ignored: null },
      {
        ...{ text: 'blurr(4)', name: 'blurr', phase: null, args: null },
        ignored: 'there is no filter "blurr"; did you mean blur?',
      },
      {
        ...{ text: 'quality(many)', name: 'quality', phase: 'encode', args: null },
        ignored: expect.stringMatching(/^quality: amount must be .*, got "many"$/),
      },
      { text: 'grayscale()', name: 'grayscale', phase: 'pixels', args: {}, ignored: null },
    ])
  })

  test('where mistakes are refused, all of them are told', async () => {
    const strict = await startApp({ filters: { onInvalid: 'reject' } })
    try {
      const plan = await strict.explain(strict.sign('filters:blurr(4):quality(many)/flower.jpg'))
      expect(plan.status).toBe(400)
      expect(plan.errors).toMatchObject([{ code: 'FILTER_INVALID', advice: expect.stringContaining('imgsvc filters') }])
      expect(plan.filters.map(({ ignored }) => ignored)).toEqual([
        'there is no filter "blurr"; did you mean blur?',
        expect.stringContaining('quality'),
      ])
    } finally {
      await strict.stop()
    }
  })
})

describe('signature', () => {
  const path = '30x20/flower.jpg'
  test.each([
    ['the key', () => app.sign(path), 'signature', 'security.key'],
    ['an older key', () => signedUrl(path, OLD_KEY), 'signature', 'security.previousKeys'],
    ['none', () => `/unsafe/${path}`, 'unsafe', 'security.allowUnsafe'],
  ])('by %s', async (_, url, kind, by) => {
    const { signature, status } = await app.explain(url())
    expect({ signature, status }).toEqual({ signature: { kind, accepted: true, by, signedPath: path }, status: 200 })
  })

  test('of another path is refused, told what was to be signed, and the plan goes on', async () => {
    const url = app.sign(path).replace('30x20', '40x20')
    const plan = await app.explain(url)
    expect(plan.signature).toEqual({ kind: 'signature', accepted: false, by: null, signedPath: '40x20/flower.jpg' })
    expect(plan.errors).toEqual([
      {
        ...{ code: 'URL_BAD_SIGNATURE', status: 400 },
        message: 'The URL signature does not match: it is not the one of "40x20/flower.jpg"',
        advice: expect.stringContaining('imgsvc sign'),
      },
    ])
    expect(plan).toMatchObject({ status: 400, result: { width: 40, height: 20 } })
    expect((await app.get(url)).status).toBe(400)
  })
})

describe('mistakes', () => {
  test.each([
    ['a source that is not there', '30x20/nowhere.jpg', 'SOURCE_NOT_FOUND'],
    ['a picture that would be too large', '5000x5000/flower.jpg', 'OUTPUT_TOO_LARGE'],
    ['what is no picture', '30x20/ATTRIBUTION.md', 'SOURCE_UNDECODABLE'],
    ['a filter that names nothing', 'filters:watermark(nowhere.png,0,0,0)/flower.jpg', 'FILTER_INVALID'],
    ['escapes that are not UTF-8', '30x20/%ff.jpg', 'URL_MALFORMED'],
    ['a URL that is too long', `30x20/${'a'.repeat(9000)}.jpg`, 'URL_TOO_LONG'],
  ])('%s is told as a client would get it, with advice', async (_, path, code) => {
    const url = app.sign(path)
    const plan = await app.explain(url)
    const reply = await app.get(url)
    const { error } = JSON.parse(reply.body.toString())
    expect(plan.status).toBe(reply.status)
    expect(plan.errors).toEqual([{ code, status: reply.status, message: error.message, advice: expect.any(String) }])
    expect(error.code).toBe(code)
    expect(plan.result).toBeNull()
  })
})

describe('originals from afar', () => {
  let server: Server
  let far: RunningApp
  beforeAll(async () => {
    const picture = readFileSync(join(SAMPLES, 'flower.jpg'))
    server = createServer((_req, res) => res.end(picture))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    far = await startApp({ sources: [{ type: 'http', allow: ['127.0.0.1'], allowPrivate: ['127.0.0.0/8'] }] })
  })
  afterAll(async () => {
    await far.stop()
    server.close()
    server.closeAllConnections()
  })

  test('are fetched to be looked at, but not stored', async () => {
    const { port } = server.address() as AddressInfo
    const url = far.sign(`30x20/http://127.0.0.1:${port}/a.jpg`)
    const stored = () => {
      const root = join(far.dir, 'originals')
      return existsSync(root) ? readdirSync(root, { recursive: true }).length : 0
    }
    const first = await far.explain(url)
    expect(first.source).toMatchObject({ from: 'source', loader: 'http', setting: 'sources.0' })
    expect(stored()).toBe(0)
    expect((await far.get(url)).status).toBe(200)
    await expect
      .poll(async () => (await far.explain(url)).source)
      .toMatchObject({ from: 'storage', loader: null, setting: null })
  })
})

test('a GIF passes without filters, and each of them says so', async () => {
  const gif = await sharp({ create: { width: 40, height: 30, channels: 3, background: 'red' } })
    .gif()
    .toBuffer()
  const server = createServer((_req, res) => res.end(gif)).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const far = await startApp({ sources: [{ type: 'http', allow: ['127.0.0.1'], allowPrivate: ['127.0.0.0/8'] }] })
  try {
    const { port } = server.address() as AddressInfo
    const plan = await far.explain(far.sign(`20x0/filters:grayscale()/http://127.0.0.1:${port}/a.gif`))
    expect(plan.filters).toMatchObject([
      { name: 'grayscale', ignored: expect.stringContaining('compat.skipGifFilters') },
    ])
    expect(plan.headers?.['X-Imgsvc-Ignored']).toBe('grayscale()')
  } finally {
    await far.stop()
    server.close()
    server.closeAllConnections()
  }
})

test('where a detector fails, the headers are those of an answer that another try may better', async () => {
  const failing = await startApp(
    { detection: { detectors: ['face'], faceCascade: 'refuse', temporaryMaxAge: '7s' } },
    { detectorProgram: new URL('./fixtures/stub-detector-thread.mjs', import.meta.url) },
  )
  try {
    const url = failing.sign('30x20/smart/flower.jpg')
    const { headers } = await failing.explain(url)
    const reply = await failing.get(url)
    expect(headers).toMatchObject({ 'Cache-Control': 'max-age=7,public', ETag: reply.headers.etag })
    expect(reply.headers['cache-control']).toBe(headers?.['Cache-Control'])
  } finally {
    await failing.stop()
  }
})

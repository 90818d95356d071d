import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorCode, type RunningApp, startApp } from './app-fixture.ts'
import { pixelAt, pixels, sample } from './images/pictures.ts'

const root = mkdtempSync(join(tmpdir(), 'imgsvc-cut-'))
const names = ['cut10.jpg', 'cut50.jpg', 'cut99.jpg', 'progressive.jpg', 'cut.png', 'cut.gif'] as const
let app: RunningApp

beforeAll(async () => {
  const part = (bytes: Buffer, share: number) => bytes.subarray(0, Math.floor(bytes.length * share))
  const photo = sample('flower.jpg')
  for (const share of [10, 50, 99]) writeFileSync(join(root, `cut${share}.jpg`), part(photo, share / 100))
  writeFileSync(join(root, 'progressive.jpg'), part(sample('flower-progressive.jpg'), 0.5))
  writeFileSync(join(root, 'cut.png'), part(sample('coffee.png'), 0.5))
  writeFileSync(join(root, 'cut.gif'), part(await sharp(sample('coffee.png')).gif().toBuffer(), 0.5))
  writeFileSync(join(root, 'whole.jpg'), photo)
  app = await startApp({ sources: [{ type: 'file', root }] })
})
afterAll(async () => {
  await app.stop()
  rmSync(root, { recursive: true })
})

describe('a picture cut short', () => {
  test.each(names)('%s is answered, the same every time, and kept for a minute only', async (name) => {
    const [first, again] = [await app.signed(`100x0/${name}`), await app.signed(`100x0/${name}`)]
    expect([first.status, again.status]).toEqual([200, 200])
    expect(first.body.equals(again.body)).toBe(true)
    expect(first.headers['cache-control']).toBe('max-age=60,public')
    expect(first.headers.etag).toBe(again.headers.etag)
    // Nothing is stored that the whole picture would have to wait for.
    expect(again.headers['x-cache']).toBe('MISS')
  })

  test('shows one colour where nothing is there, never what was in memory', async () => {
    const { body } = await app.signed('filters:format(png)/cut50.jpg')
    const picture = await pixels(body)
    const last = pixelAt(picture, 0, picture.height - 1)
    for (let x = 0; x < picture.width; x += 3) expect(pixelAt(picture, x, picture.height - 1)).toEqual(last)
  })

  test('counts as a watermark too', async () => {
    const { headers, status } = await app.signed('100x0/filters:watermark(cut.png,0,0,0)/whole.jpg')
    expect([status, headers['cache-control']]).toEqual([200, 'max-age=60,public'])
  })

  test('never lengthens what the URL says', async () => {
    expect((await app.signed('filters:max_age(5)/cut50.jpg')).headers['cache-control']).toBe('max-age=5,public')
    expect((await app.signed('filters:max_age(500)/cut50.jpg')).headers['cache-control']).toBe('max-age=60,public')
  })

  test('does not shorten the others', async () => {
    expect((await app.signed('100x0/whole.jpg')).headers['cache-control']).toBe('max-age=86400,public')
  })
})

describe('settings', () => {
  test('truncatedMaxAge is the bound; 0 sends no lifetime', async () => {
    for (const [truncatedMaxAge, expected] of [
      ['10s', 'max-age=10,public'],
      ['0', undefined],
    ] as const) {
      const other = await startApp({ sources: [{ type: 'file', root }], images: { truncatedMaxAge } })
      try {
        expect((await other.signed('100x0/cut50.jpg')).headers['cache-control']).toBe(expected)
      } finally {
        await other.stop()
      }
    }
  })

  test('truncated: reject answers 400, and whole pictures as ever', async () => {
    const strict = await startApp({ sources: [{ type: 'file', root }], images: { truncated: 'reject' } })
    try {
      for (const name of names) {
        const reply = await strict.signed(`100x0/${name}`)
        expect([reply.status, errorCode(reply)]).toEqual([400, 'SOURCE_UNDECODABLE'])
        expect(reply.headers['cache-control']).toBe('no-store')
      }
      expect((await strict.signed('100x0/whole.jpg')).status).toBe(200)
    } finally {
      await strict.stop()
    }
  })

  test('a truncated original is not kept: once the source is whole, so is the picture', async () => {
    let body = sample('flower.jpg').subarray(0, 100_000)
    const server = createServer((_, res) => res.end(body)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const other = await startApp({
      sources: [{ type: 'http', allow: ['127.0.0.1'], allowPrivate: ['127.0.0.0/8'] }],
    })
    try {
      const path = `100x0/http%3A//127.0.0.1%3A${port}/a.jpg`
      expect((await other.signed(path)).headers['cache-control']).toBe('max-age=60,public')
      body = sample('flower.jpg')
      expect((await other.signed(path)).headers['cache-control']).toBe('max-age=86400,public')
    } finally {
      await other.stop()
      server.close()
    }
  })
})

test('formats that are not read are named in the answer', async () => {
  writeFileSync(join(root, 'scan.bmp'), Buffer.concat([Buffer.from('BM'), Buffer.alloc(100)]))
  const reply = await app.signed('100x0/scan.bmp')
  expect([reply.status, errorCode(reply)]).toEqual([415, 'SOURCE_UNSUPPORTED'])
  expect(reply.body.toString('utf8')).toContain('it is BMP; expected JPEG, PNG, WebP, GIF, AVIF, TIFF or SVG')
})

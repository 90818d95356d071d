import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { errorCode, type RunningApp, SAMPLES, startApp } from './app-fixture.ts'
import { frame } from './images/pictures.ts'

let app: RunningApp
const root = mkdtempSync(join(tmpdir(), 'imgsvc-measured-'))

beforeAll(async () => {
  const white = sharp({ create: { width: 300, height: 200, channels: 3, background: '#fff' } })
  const box = { create: { width: 100, height: 60, channels: 3, background: '#123456' } } as const
  writeFileSync(
    join(root, 'box.png'),
    await white
      .composite([{ input: box, left: 40, top: 20 }])
      .png()
      .toBuffer(),
  )
  writeFileSync(join(root, 'frame.png'), await frame())
  const dot = sharp({ create: { width: 1, height: 1, channels: 3, background: '#fff' } })
  writeFileSync(join(root, 'dot.png'), await dot.png().toBuffer())
  app = await startApp({
    sources: [
      { type: 'file', root },
      { type: 'file', root: SAMPLES },
    ],
  })
})
afterAll(async () => {
  await app.stop()
  rmSync(root, { recursive: true })
})

test.each([
  ['trim/box.png', 100, 60],
  ['trim/50x0/box.png', 50, 30],
  ['trim:bottom-right:20/45x25:95x75/box.png', 50, 50],
  ['60x40/filters:frame(frame.png)/flower.jpg', 62, 42],
  ['trim/filters:frame(frame.png):frame(frame.png)/box.png', 104, 64],
  ['100x100/filters:extract_focal()/localhost%3A8888/unsafe/10x10%3A60x60/300x0/flower.jpg', 100, 100],
])('%s is answered with a picture of %i × %i px', async (path, width, height) => {
  const { status, body } = await app.signed(path)
  expect(status).toBe(200)
  const made = await sharp(body).metadata()
  expect([made.width, made.height]).toEqual([width, height])
})

test('a nested URL is the picture behind it with a focal box', async () => {
  const [nested, plain] = await Promise.all([
    app.signed('100x100/filters:extract_focal()/t.example/unsafe/0x0%3A60x60/flower.jpg'),
    app.signed('100x100/filters:focal(0x0%3A60x60)/flower.jpg'),
  ])
  expect(plain.status).toBe(200)
  expect(nested.body.equals(plain.body)).toBe(true)
})

test('what trim took away is told by /meta/ as well', async () => {
  const { body } = await app.signed('meta/trim/50x0/box.png')
  expect(JSON.parse(body.toString('utf8')).thumbor).toMatchObject({
    operations: [
      { type: 'crop', left: 40, top: 20, right: 140, bottom: 80 },
      { type: 'resize', width: 50, height: 30 },
    ],
    target: { width: 50, height: 30 },
  })
})

test('a frame without room for a picture is an error of that source', async () => {
  const reply = await app.signed('60x40/filters:frame(dot.png)/flower.jpg')
  expect([reply.status, errorCode(reply)]).toEqual([400, 'SOURCE_UNDECODABLE'])
})

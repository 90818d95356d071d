import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningApp, startApp } from './app-fixture.ts'
import { createFolder } from './detection-fixture.ts'

/** 100×100: red, green, blue and white quarters, clockwise from the upper left. */
const QUARTERS = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><rect width="50" height="50" fill="#f00"/>' +
    '<rect x="50" width="50" height="50" fill="#0f0"/><rect x="50" y="50" width="50" height="50" fill="#00f"/>' +
    '<rect y="50" width="50" height="50" fill="#fff"/></svg>',
)
const folder = createFolder()
let app: RunningApp

beforeAll(async () => {
  folder.put('quarters.png', await sharp(QUARTERS).png().toBuffer())
  folder.put('clear.png', await sharp(QUARTERS).ensureAlpha(0).png().toBuffer())
  app = await startApp({ sources: folder.sources })
})
afterAll(async () => {
  await app.stop()
  folder.remove()
})

/** The colours of the quarters, clockwise from the upper left, and the size. */
async function look(path: string) {
  const { body } = await app.signed(path)
  const { data, info } = await sharp(body).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const { width, height } = info
  const colour = (x: number, y: number): string => {
    const at = (Math.floor(y * height) * width + Math.floor(x * width)) * 3
    return [...data.subarray(at, at + 3)].map((level) => (level > 127 ? 'f' : '0')).join('')
  }
  const quarters = [colour(0.25, 0.25), colour(0.75, 0.25), colour(0.75, 0.75), colour(0.25, 0.75)]
  return { quarters: quarters.join(' '), size: [width, height] }
}

test('rotate(90) turns counter-clockwise: what was on the right is on top', async () => {
  expect((await look('quarters.png')).quarters).toBe('f00 0f0 00f fff')
  expect((await look('filters:rotate(90)/quarters.png')).quarters).toBe('0f0 00f fff f00')
})

test('a picture is made larger, unless no_upscale() forbids it', async () => {
  expect((await look('200x200/quarters.png')).size).toEqual([200, 200])
  expect((await look('200x200/filters:no_upscale()/quarters.png')).size).toEqual([100, 100])
})

test('a ratio that agrees to two decimals is stretched, not cut', async () => {
  const { body } = await app.signed('meta/1000x996/quarters.png')
  const { operations } = JSON.parse(body.toString()).thumbor
  expect(operations.map(({ type }: { type: string }) => type)).toEqual(['resize'])
  const cut = JSON.parse((await app.signed('meta/1000x980/quarters.png')).body.toString()).thumbor
  expect(cut.operations.map(({ type }: { type: string }) => type)).toEqual(['crop', 'resize'])
})

test('JPEG loses alpha and shows the colours that were hidden', async () => {
  expect((await look('filters:format(jpeg)/clear.png')).quarters).toBe('f00 0f0 00f fff')
})

test('options out of order are part of the image’s name', async () => {
  expect((await app.signed('smart/50x50/quarters.png')).status).toBe(404)
  expect((await app.signed('50x50/smart/quarters.png')).status).toBe(200)
})

test('bytes above 0x7f as they are make a bad request', async () => {
  const socket = connect(Number(new URL(app.origin).port), '127.0.0.1')
  await once(socket, 'connect')
  socket.write(Buffer.from('GET /unsafe/\xe9.jpg HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n', 'latin1'))
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /)
})

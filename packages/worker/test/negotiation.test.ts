import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type RunningApp, startApp } from './app-fixture.ts'

const root = mkdtempSync(join(tmpdir(), 'imgsvc-neg-'))
const picture = (alpha: number, width = 60, height = 40) =>
  sharp({ create: { width, height, channels: 4, background: { r: 200, g: 100, b: 50, alpha } } })

beforeAll(async () => {
  const put = async (name: string, image: Sharp) => writeFileSync(join(root, name), await image.toBuffer())
  await put('rgb.png', picture(1).removeAlpha().png())
  await put('opaque.png', picture(1).png())
  await put('clear.png', picture(0.5).png())
  await put('photo.jpg', picture(1).jpeg())
  await put('long.jpg', picture(1, 16_400, 4).jpeg())
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

type Images = NonNullable<Parameters<typeof startApp>[0]>['images']
async function withApp(images: Images, use: (app: RunningApp) => Promise<void>) {
  const app = await startApp({ sources: [{ type: 'file', root }], images })
  try {
    await use(app)
  } finally {
    await app.stop()
  }
}
const typeOf = async (app: RunningApp, path: string, accept?: string) => {
  const { headers, body } = await app.signed(path, accept ? { headers: { accept } } : {})
  const { format } = await sharp(body).metadata()
  expect(headers['content-type']).toBe(`image/${format === 'heif' ? 'avif' : format}`)
  return format
}

describe('autoPngToJpg', () => {
  test.each([
    ['rgb.png', 'jpeg'],
    ['opaque.png', 'jpeg'],
    ['clear.png', 'png'],
    ['20x20/clear.png', 'png'],
    ['20x20/opaque.png', 'jpeg'],
    ['filters:background_color(red)/clear.png', 'jpeg'],
    ['fit-in/80x80/filters:fill(transparent)/rgb.png', 'png'],
    ['fit-in/80x80/filters:fill(red)/rgb.png', 'jpeg'],
    ['filters:autojpg(false)/rgb.png', 'png'],
    ['filters:format(webp)/rgb.png', 'webp'],
    ['photo.jpg', 'jpeg'],
  ])('%s comes out as %s: what counts are the finished pixels', async (path, format) => {
    await withApp({ autoPngToJpg: true }, async (app) => {
      expect(await typeOf(app, path)).toBe(format)
      expect((await app.signed(path)).headers.vary).toBeUndefined()
    })
  })

  test('autojpg() does it for one URL', async () => {
    await withApp({}, async (app) => {
      expect(await typeOf(app, 'filters:autojpg()/rgb.png')).toBe('jpeg')
      expect(await typeOf(app, 'rgb.png')).toBe('png')
    })
  })
})

describe('formats by Accept', () => {
  test('autoJpg takes */*, but no transparent picture', async () => {
    await withApp({ autoJpg: true }, async (app) => {
      expect(await typeOf(app, 'rgb.png', '*/*')).toBe('jpeg')
      expect(await typeOf(app, 'clear.png', '*/*')).toBe('png')
      expect(await typeOf(app, 'rgb.png', 'image/png')).toBe('png')
      expect((await app.signed('rgb.png')).headers.vary).toBe('Accept')
    })
  })

  test('formatPreference decides alone, in its order', async () => {
    await withApp({ formatPreference: ['avif', 'webp'], autoJpg: true }, async (app) => {
      expect(await typeOf(app, 'photo.jpg', 'image/webp,image/avif')).toBe('heif')
      expect(await typeOf(app, 'photo.jpg', 'image/webp')).toBe('webp')
      expect(await typeOf(app, 'rgb.png', '*/*')).toBe('png')
    })
  })

  test('a source too long for WebP is WebP once it is small enough', async () => {
    await withApp({ autoWebp: true }, async (app) => {
      expect(await typeOf(app, '100x0/long.jpg', 'image/webp')).toBe('webp')
      expect(await typeOf(app, 'long.jpg', 'image/webp')).toBe('jpeg')
      expect(await typeOf(app, '16384x4/photo.jpg', 'image/webp')).toBe('jpeg')
    })
  })

  test('clients with equivalent Accept headers share one result', async () => {
    await withApp({ formatPreference: ['avif', 'webp'] }, async (app) => {
      const ask = (accept: string) => app.signed('photo.jpg', { headers: { accept } })
      await ask('image/avif,image/webp,*/*;q=0.8')
      for (const accept of ['image/avif', 'image/*', 'text/html, IMAGE/AVIF;q=0.1']) {
        await vi.waitFor(async () => expect((await ask(accept)).headers['x-cache']).toBe('HIT'))
      }
      expect((await ask('image/webp')).headers['x-cache']).toBe('MISS')
    })
  })
})

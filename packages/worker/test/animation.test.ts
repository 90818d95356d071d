import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorCode, type RunningApp, startApp } from './app-fixture.ts'
import { animationOf, gif, moving } from './images/animations.ts'
import { sample } from './images/pictures.ts'

const root = mkdtempSync(join(tmpdir(), 'imgsvc-anim-'))
const WEBP = { accept: 'image/webp,image/avif,*/*' }

beforeAll(async () => {
  const put = (name: string, bytes: Buffer) => writeFileSync(join(root, name), bytes)
  const animated = await moving('gif', 60, 40)
  put('moving.gif', animated)
  put('moving.webp', await moving('webp', 60, 40))
  put('still.gif', await sharp(sample('coffee.png')).resize(60, 40).gif().toBuffer())
  put('mark.png', await sharp(sample('flower-small-rgba.png')).resize(10, 10).png().toBuffer())
  put('cut.gif', animated.subarray(0, Math.floor(animated.length * 0.6)))
  put('cut.webp', (await moving('webp', 60, 40)).subarray(0, 3000))
  const many = Array.from({ length: 10_000 }, (_, i) => ({ colour: i % 4, width: 2, height: 2 }))
  put('many.gif', gif({ width: 100, height: 100, frames: many }))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

type Input = NonNullable<Parameters<typeof startApp>[0]>
async function withApp(input: Input, use: (app: RunningApp) => Promise<void>) {
  const app = await startApp({ sources: [{ type: 'file', root }], ...input })
  try {
    await use(app)
  } finally {
    await app.stop()
  }
}

/** Type, frames and size of an answer. */
async function shown(app: RunningApp, path: string, headers: Record<string, string> = {}) {
  const { status, body } = await app.signed(path, { headers })
  if (status !== 200) return [status, errorCode({ status, body, headers: {} })]
  const { format, pages, width, height } = await animationOf(body)
  return [format, pages, width, height]
}

describe('by default', () => {
  test('animations stay animations of their own format', async () => {
    await withApp({}, async (app) => {
      expect(await shown(app, 'moving.gif')).toEqual(['gif', 4, 60, 40])
      expect(await shown(app, '30x30/moving.gif')).toEqual(['gif', 4, 30, 30])
      expect(await shown(app, '-30x-20/moving.webp')).toEqual(['webp', 4, 30, 20])
    })
  })

  test('filters after the geometry are left out for GIF, and named', async () => {
    await withApp({}, async (app) => {
      const path = 'fit-in/30x30/filters:no_upscale():format(webp):rotate(90):quality(1):max_age(7)/moving.gif'
      expect(await shown(app, path)).toEqual(['gif', 4, 30, 20])
      const { headers } = await app.signed(path)
      expect(headers['x-imgsvc-ignored']).toBe('format(webp) rotate(90) quality(1) max_age(7)')
      expect(headers['cache-control']).toBe('max-age=86400,public')
      expect(await shown(app, 'filters:rotate(90)/still.gif')).toEqual(['gif', 1, 60, 40])
      expect(await shown(app, 'filters:rotate(90):grayscale()/moving.webp')).toEqual(['webp', 4, 40, 60])
    })
  })

  test('what such filters name is not even fetched', async () => {
    const asked: string[] = []
    const server = createServer((req, res) => {
      asked.push(String(req.url))
      res.writeHead(404).end()
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const mark = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mark.png`
    const http = { type: 'http', allow: ['127.0.0.1'], allowPrivate: ['127.0.0.0/8'] } as const
    const filters = `filters:watermark(${mark},0,0,0)`
    try {
      await withApp({ sources: [{ type: 'file', root }, http] }, async (app) => {
        expect(await shown(app, `${filters}/moving.gif`)).toEqual(['gif', 4, 60, 40])
        expect(asked).toEqual([])
        expect(await shown(app, `${filters}/moving.webp`)).toEqual([400, 'FILTER_INVALID'])
        expect(asked).toEqual(['/mark.png'])
      })
    } finally {
      server.close()
    }
  })

  test('clients who accept WebP or AVIF get animations as they are, and no Vary', async () => {
    await withApp({ images: { autoWebp: true, autoAvif: true } }, async (app) => {
      for (const name of ['moving.gif', 'moving.webp']) {
        expect((await shown(app, name, WEBP))[0]).toBe(name.split('.')[1])
        expect((await app.signed(name, { headers: WEBP })).headers.vary).toBeUndefined()
      }
      expect(await shown(app, 'still.gif', WEBP)).toEqual(['webp', 1, 60, 40])
    })
  })

  test('/meta/ counts the frames', async () => {
    await withApp({}, async (app) => {
      const meta = async (name: string) => JSON.parse((await app.signed(`meta/30x0/${name}`)).body.toString()).thumbor
      expect((await meta('moving.gif')).source).toMatchObject({ width: 60, height: 40, frameCount: 4 })
      expect((await meta('moving.webp')).source.frameCount).toBe(4)
      expect((await meta('still.gif')).source.frameCount).toBe(1)
    })
  })
})

describe('compat.skipGifFilters: false', () => {
  const input = { compat: { skipGifFilters: false } }

  test('lets every filter act on every frame', async () => {
    await withApp(input, async (app) => {
      expect(await shown(app, 'filters:rotate(90):blur(2):watermark(mark.png,0,0,0)/moving.gif')).toEqual([
        'gif',
        4,
        40,
        60,
      ])
      const { headers } = await app.signed('filters:quality(10):max_age(7)/moving.gif')
      expect(headers['cache-control']).toBe('max-age=7,public')
      expect(headers['x-imgsvc-ignored']).toBeUndefined()
    })
  })

  test('lets format() choose: WebP keeps all frames, the others the first', async () => {
    await withApp(input, async (app) => {
      expect(await shown(app, 'filters:format(webp)/moving.gif')).toEqual(['webp', 4, 60, 40])
      expect(await shown(app, 'filters:format(gif)/moving.webp')).toEqual(['gif', 4, 60, 40])
      expect(await shown(app, '30x20/filters:format(jpeg)/moving.gif')).toEqual(['jpeg', 1, 30, 20])
      expect(await shown(app, '30x20/filters:format(png)/moving.webp')).toEqual(['png', 1, 30, 20])
      // However many more there are.
      expect(await shown(app, 'filters:format(png)/many.gif')).toEqual(['png', 1, 100, 100])
    })
  })

  test('is part of the key: results of the other setting are not served', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'imgsvc-anim-r-'))
    try {
      const results = { type: 'file', root: dir } as const
      const path = 'filters:rotate(90)/moving.gif'
      await withApp({ results }, async (app) => expect(await shown(app, path)).toEqual(['gif', 4, 60, 40]))
      await withApp({ results, ...input }, async (app) => expect(await shown(app, path)).toEqual(['gif', 4, 40, 60]))
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  })
})

describe('switched off', () => {
  test.each([
    ['animatedGif', 'moving.gif', 'gif'],
    ['animatedWebp', 'moving.webp', 'webp'],
  ] as const)('%s: %s shows its first frame, and is a still in every way', async (setting, name, format) => {
    await withApp({ images: { [setting]: false, autoWebp: true } }, async (app) => {
      expect(await shown(app, name)).toEqual([format, 1, 60, 40])
      expect(await shown(app, name, WEBP)).toEqual(['webp', 1, 60, 40])
      expect((await app.signed(name)).headers.vary).toBe('Accept')
      const { thumbor } = JSON.parse((await app.signed(`meta/${name}`)).body.toString())
      expect(thumbor.source.frameCount).toBe(1)
    })
  })

  test('animatedGif: a GIF of any number of frames is served', async () => {
    await withApp({ images: { animatedGif: false } }, async (app) => {
      expect(await shown(app, 'many.gif')).toEqual(['gif', 1, 100, 100])
    })
  })
})

describe('autoAnimatedWebp', () => {
  test.each([
    ['autoWebp', { autoWebp: true, autoAvif: true }],
    ['formatPreference, even behind formats that hold no animation', { formatPreference: ['avif', 'webp'] }],
  ] as const)('with %s animated GIFs are WebP for clients that accept it', async (_, offer) => {
    const images = {
      autoAnimatedWebp: true,
      ...offer,
      formatPreference: [...('formatPreference' in offer ? offer.formatPreference : [])],
    }
    await withApp({ images }, async (app) => {
      const reply = await app.signed('30x20/moving.gif', { headers: WEBP })
      expect(await animationOf(reply.body)).toMatchObject({
        format: 'webp',
        pages: 4,
        delay: [40, 80, 120, 160],
        loop: 3,
      })
      expect([reply.headers['content-type'], reply.headers.vary]).toEqual(['image/webp', 'Accept'])
      const plain = await app.signed('30x20/moving.gif')
      expect([plain.headers['content-type'], plain.headers.vary]).toEqual(['image/gif', 'Accept'])
      // Who has it as WebP has it already.
      expect((await app.signed('moving.webp')).headers['content-type']).toBe('image/webp')
    })
  })

  test('does nothing where WebP is not offered', async () => {
    await withApp({ images: { autoAnimatedWebp: true, autoAvif: true } }, async (app) => {
      const { headers } = await app.signed('moving.gif', { headers: WEBP })
      expect([headers['content-type'], headers.vary]).toEqual(['image/gif', undefined])
    })
  })
})

describe('hostile files', () => {
  test('10,000 frames are refused, and named as the reason', async () => {
    await withApp({}, async (app) => {
      const reply = await app.signed('many.gif')
      expect([reply.status, errorCode(reply)]).toEqual([400, 'SOURCE_TOO_MANY_FRAMES'])
      expect(JSON.parse(reply.body.toString()).error.message).toContain('it has 10000; at most 1000 are allowed')
    })
    await withApp({ images: { maxFrames: 10_000, maxAnimationPixels: 99_999_999 } }, async (app) => {
      expect(await shown(app, 'many.gif')).toEqual([400, 'SOURCE_TOO_MANY_PIXELS'])
    })
  })

  test('a GIF that ends in the middle gives the frames there are, again and again', async () => {
    await withApp({}, async (app) => {
      const [format, pages] = await shown(app, '30x20/cut.gif')
      expect(format).toBe('gif')
      expect(pages).toBeGreaterThan(1)
      expect(pages).toBeLessThan(4)
      expect((await app.signed('30x20/cut.gif')).body).toEqual((await app.signed('30x20/cut.gif')).body)
    })
  })

  test('a WebP that ends in the middle is undecodable', async () => {
    await withApp({}, async (app) => expect(await shown(app, '30x20/cut.webp')).toEqual([400, 'SOURCE_UNDECODABLE']))
  })
})

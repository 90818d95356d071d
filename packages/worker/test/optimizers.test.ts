import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { errorCode, type RunningApp, startApp } from './app-fixture.ts'
import { moving } from './images/animations.ts'
import { sample } from './images/pictures.ts'
import { FAKES, fakeProgram, probeVideo, SEARCH_PATH, withoutPrograms } from './programs.ts'

const root = mkdtempSync(join(tmpdir(), 'imgsvc-opts-'))
const clear = { r: 0, g: 0, b: 0, alpha: 0 }
const box = { create: { width: 20, height: 20, channels: 4, background: 'blue' } } as const

beforeAll(async () => {
  const put = (name: string, bytes: Buffer) => writeFileSync(join(root, name), bytes)
  put('photo.jpg', await sharp(sample('rocket.jpg')).resize(300).keepIccProfile().jpeg().toBuffer())
  put('photo.png', await sharp(sample('coffee.png')).resize(120).png().toBuffer())
  put('moving.gif', await moving('gif', 60, 40))
  put('moving.webp', await moving('webp', 60, 40))
  put('still.gif', await sharp(sample('coffee.png')).resize(60, 40).gif().toBuffer())
  // A blue box that moves over nothing.
  const frames = [0, 40].map((left) =>
    sharp({ create: { width: 60, height: 20, channels: 4, background: clear } })
      .composite([{ input: box, left, top: 0 }])
      .png()
      .toBuffer(),
  )
  put(
    'clear.gif',
    await sharp(await Promise.all(frames), { join: { animated: true } })
      .gif({ delay: [100, 100] })
      .toBuffer(),
  )
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

type Input = NonNullable<Parameters<typeof startApp>[0]>
async function withApp(input: Input, use: (app: RunningApp) => Promise<void>, searchPath = SEARCH_PATH) {
  const app = await startApp({ sources: [{ type: 'file', root }], ...input }, { searchPath })
  try {
    await use(app)
  } finally {
    await app.stop()
  }
}
const bodyOf = async (input: Input, path: string) => {
  let body = Buffer.alloc(0)
  await withApp(input, async (app) => {
    body = (await app.signed(path)).body
  })
  return body
}
const rawOf = (bytes: Buffer) => sharp(bytes).raw().toBuffer()

describe.skipIf(withoutPrograms('jpegtran', 'pngcrush'))('images.optimizers (needs jpegtran, pngcrush)', () => {
  test('runs the programs of the format of each result, counts them and tells their time', async () => {
    await withApp({ images: { optimizers: ['jpegtran', 'pngcrush'] } }, async (app) => {
      const jpeg = await app.signed('200x0/photo.jpg')
      expect([jpeg.status, jpeg.headers['content-type'], jpeg.headers['x-cache']]).toEqual([200, 'image/jpeg', 'MISS'])
      expect(jpeg.headers['server-timing']).toMatch(/\boptimize;dur=\d/)
      const png = await app.signed('photo.png')
      expect([png.status, png.headers['content-type']]).toEqual([200, 'image/png'])
      const metrics = await app.metrics()
      for (const program of ['jpegtran', 'pngcrush']) {
        expect(metrics).toMatch(
          new RegExp(`imgsvc_optimizations_total{program="${program}",outcome="(used|not_smaller)"} 1`),
        )
      }
      expect(metrics).toContain('imgsvc_stage_duration_seconds_count{stage="optimize"} 2')
      const again = await app.signed('photo.png')
      await vi.waitFor(async () => expect((await app.signed('photo.png')).headers['x-cache']).toBe('HIT'))
      expect(again.body.equals(png.body)).toBe(true)
    })
    const [plain, optimized] = [{}, { images: { optimizers: ['pngcrush' as const] } }]
    const [before, after] = [await bodyOf(plain, 'photo.png'), await bodyOf(optimized, 'photo.png')]
    expect(after.length).toBeLessThan(before.length)
    expect((await rawOf(after)).equals(await rawOf(before))).toBe(true)
  })

  test('is no part of /meta/', async () => {
    await withApp({ images: { optimizers: ['jpegtran', 'pngcrush'] } }, async (app) => {
      const meta = await app.signed('meta/200x0/photo.jpg')
      expect([meta.status, meta.headers['content-type']]).toEqual([200, 'application/json'])
      expect(meta.headers['server-timing']).not.toContain('optimize')
      expect(await app.metrics()).not.toMatch(/imgsvc_optimizations_total{/)
    })
  })
})

describe('programs that fail', () => {
  test.each(['slow', 'crashing', 'garbage', 'flood'] as const)('%s: the picture is served as it was', async (name) => {
    const jpegtran = fakeProgram(join(root, name), 'jpegtran', FAKES[name])
    const plain = await bodyOf({}, '200x0/photo.jpg')
    const tools = { jpegtran, timeout: '500ms', maxBytes: '1MB' }
    await withApp({ images: { optimizers: ['jpegtran'] }, tools }, async (app) => {
      const { status, body } = await app.signed('200x0/photo.jpg')
      expect([status, body.equals(plain)]).toEqual([200, true])
      const outcome = { slow: 'timeout', crashing: 'failed', garbage: 'unlike', flood: 'too_large' }[name]
      expect(await app.metrics()).toContain(`imgsvc_optimizations_total{program="jpegtran",outcome="${outcome}"} 1`)
    })
  })

  test('missing: told once at the start, and the picture is served', async () => {
    await withApp(
      { images: { optimizers: ['jpegtran'] } },
      async (app) => {
        for (const size of ['100x0', '200x0']) expect((await app.signed(`${size}/photo.jpg`)).status).toBe(200)
        const told = readFileSync(join(app.dir, 'worker.log'), 'utf8').split('optimizer not found').length - 1
        expect(told).toBe(1)
      },
      '/nowhere',
    )
  })

  test('a client that goes away takes the program with it', async () => {
    const pid = join(root, 'client.pid')
    const jpegtran = fakeProgram(join(root, 'gone'), 'jpegtran', `echo $$ >${pid}; ${FAKES.slow}`)
    await withApp({ images: { optimizers: ['jpegtran'] }, tools: { jpegtran, timeout: '1h' } }, async (app) => {
      const gone = new AbortController()
      const asked = app.get(app.sign('100x0/photo.jpg'), { signal: gone.signal })
      const running = () => expect(existsSync(pid) && readFileSync(pid, 'utf8')).toMatch(/\n$/)
      await vi.waitFor(running, { timeout: 20_000 })
      gone.abort()
      await expect(asked).rejects.toThrow()
      const killed = () => expect(() => process.kill(Number(readFileSync(pid, 'utf8')), 0)).toThrow('ESRCH')
      await vi.waitFor(killed, { timeout: 20_000 })
    })
  })
})

describe('built in', () => {
  const optimized = (...optimizers: ('mozjpeg' | 'palette' | 'effort')[]) => ({ images: { optimizers } })

  test('mozjpeg makes JPEG smaller', async () => {
    const [plain, small] = [await bodyOf({}, 'photo.jpg'), await bodyOf(optimized('mozjpeg'), 'photo.jpg')]
    expect(small.length).toBeLessThan(plain.length)
    expect(await sharp(small).metadata()).toMatchObject({ format: 'jpeg', width: 300, isProgressive: true })
  })

  test('palette makes PNG of 256 colours, and leaves JPEG alone', async () => {
    const [plain, small] = [await bodyOf({}, 'photo.png'), await bodyOf(optimized('palette'), 'photo.png')]
    expect(small.length).toBeLessThan(plain.length / 2)
    // Colour type 3: a palette (PNG, section 11.2.1).
    expect(small[25]).toBe(3)
    expect((await bodyOf(optimized('palette'), 'photo.jpg')).equals(await bodyOf({}, 'photo.jpg'))).toBe(true)
  })

  test('effort makes PNG smaller and leaves its pixels, and WebP smaller', async () => {
    const [plain, small] = [await bodyOf({}, 'photo.png'), await bodyOf(optimized('effort'), 'photo.png')]
    expect(small.length).toBeLessThan(plain.length)
    expect((await rawOf(small)).equals(await rawOf(plain))).toBe(true)
    const webp = 'filters:format(webp)/photo.png'
    expect((await bodyOf(optimized('effort'), webp)).length).toBeLessThan((await bodyOf({}, webp)).length)
  })

  test('needs no program: nothing runs and nothing is missed', async () => {
    await withApp(
      optimized('mozjpeg', 'palette', 'effort'),
      async (app) => {
        expect((await app.signed('photo.jpg')).status).toBe(200)
        expect(readFileSync(join(app.dir, 'worker.log'), 'utf8')).not.toContain('optimizer')
        expect(await app.metrics()).not.toMatch(/imgsvc_optimizations_total{/)
      },
      '/nowhere',
    )
  })
})

describe.skipIf(withoutPrograms('ffmpeg', 'ffprobe'))('gifv() (needs ffmpeg, ffprobe)', () => {
  const file = join(root, 'answer')
  const probed = (body: Buffer) => {
    writeFileSync(file, body)
    return probeVideo(file)
  }
  /** Colour of a pixel of the first frame. */
  async function colourAt(video: Buffer, left: number, top: number) {
    writeFileSync(file, video)
    const png = execFileSync('ffmpeg', [
      '-loglevel',
      'error',
      '-i',
      file,
      '-frames:v',
      '1',
      '-f',
      'image2pipe',
      '-c:v',
      'png',
      '-',
    ])
    return [...(await sharp(png).extract({ left, top, width: 1, height: 1 }).removeAlpha().raw().toBuffer())]
  }

  test.each([
    ['gifv()', 'video/mp4', 'h264'],
    ['gifv(mp4)', 'video/mp4', 'h264'],
    ['gifv(webm)', 'video/webm', 'vp9'],
    ['format(webp):gifv()', 'video/mp4', 'h264'],
  ])('%s answers %s, resized, from the result storage the next time', async (filters, type, codec) => {
    await withApp({}, async (app) => {
      const path = `30x20/filters:${filters}/moving.gif`
      const made = await app.signed(path)
      expect([made.status, made.headers['content-type'], made.headers['x-cache']]).toEqual([200, type, 'MISS'])
      expect(made.headers['server-timing']).toMatch(/\boptimize;dur=\d/)
      expect(probed(made.body)).toMatchObject({ codec, width: 30, height: 20, times: [0, 0.04, 0.12, 0.24, 0.39] })
      const stored = () => app.signed(path).then(({ headers }) => expect(headers['x-cache']).toBe('HIT'))
      await vi.waitFor(stored)
      const hit = await app.signed(path)
      expect([hit.headers['content-type'], hit.body.equals(made.body)]).toEqual([type, true])
      const same = await app.signed(path, { headers: { 'if-none-match': String(made.headers.etag) } })
      expect(same.status).toBe(304)
      expect(await app.metrics()).toContain('imgsvc_optimizations_total{program="ffmpeg",outcome="used"} 1')
    })
  })

  test.each(['', '(webm)'] as const)(
    "a result of thumbor's layout, bytes alone, is known as a video: gifv%s",
    async (kind) => {
      const results = { type: 'file', root: join(root, `results${kind}`), layout: 'thumbor' } as const
      const path = `filters:gifv${kind || '()'}/moving.gif`
      await withApp({ results }, async (app) => {
        await app.signed(path)
        await vi.waitFor(async () => {
          const { headers } = await app.signed(path)
          expect([headers['x-cache'], headers['content-type']]).toEqual(['HIT', kind ? 'video/webm' : 'video/mp4'])
        })
      })
    },
  )

  test('what is transparent is white, or the background_color() of the request', async () => {
    await withApp({}, async (app) => {
      const plain = await app.signed('filters:gifv()/clear.gif')
      expect(near(await colourAt(plain.body, 30, 10), [255, 255, 255])).toBe(true)
      expect(near(await colourAt(plain.body, 10, 10), [0, 0, 255])).toBe(true)
      const red = await app.signed('filters:gifv():background_color(ff0000)/clear.gif')
      expect(near(await colourAt(red.body, 30, 10), [255, 0, 0])).toBe(true)
      expect(red.headers['x-imgsvc-ignored']).toBeUndefined()
    })
  })

  test('other filters act on it only where they act on GIF', async () => {
    const path = 'filters:rotate(90):gifv()/moving.gif'
    await withApp({}, async (app) => {
      const { headers, body } = await app.signed(path)
      expect(headers['x-imgsvc-ignored']).toBe('rotate(90)')
      expect(probed(body)).toMatchObject({ width: 60, height: 40 })
    })
    await withApp({ compat: { skipGifFilters: false } }, async (app) => {
      const { body } = await app.signed(path)
      expect(probed(body)).toMatchObject({ width: 40, height: 60 })
    })
  })

  test('Accept makes no difference', async () => {
    await withApp({ images: { autoWebp: true, autoAnimatedWebp: true } }, async (app) => {
      const { headers } = await app.signed('filters:gifv()/moving.gif', { headers: { accept: 'image/webp,*/*' } })
      expect([headers['content-type'], headers.vary]).toEqual(['video/mp4', undefined])
    })
  })

  test.each(['photo.jpg', 'still.gif', 'moving.webp'])('%s is no animated GIF: VIDEO_REFUSED', async (name) => {
    await withApp({}, async (app) => {
      const reply = await app.signed(`filters:gifv()/${name}`)
      expect([reply.status, errorCode(reply), reply.headers['cache-control']]).toEqual([
        400,
        'VIDEO_REFUSED',
        'no-store',
      ])
    })
  })

  test('other arguments are ignored like those of any filter', async () => {
    await withApp({}, async (app) => {
      const { headers } = await app.signed('filters:gifv(avi)/moving.gif')
      expect([headers['content-type'], headers['x-imgsvc-ignored']]).toEqual(['image/gif', 'gifv(avi)'])
    })
  })

  test('sides that no video has are refused before anything is drawn', async () => {
    await withApp({ images: { maxOutputPixels: 500_000_000 } }, async (app) => {
      const reply = await app.signed('20000x2/filters:gifv()/moving.gif')
      expect([reply.status, errorCode(reply)]).toEqual([400, 'OUTPUT_TOO_LARGE'])
    })
  })

  test('/meta/ and explain know it', async () => {
    await withApp({}, async (app) => {
      expect((await app.signed('meta/filters:gifv()/moving.gif')).headers['content-type']).toBe('application/json')
      const { status, format, headers } = await app.explain(app.sign('filters:gifv(webm)/moving.gif'))
      expect([status, format?.contentType, headers?.['Content-Type']]).toEqual([200, 'video/webm', 'video/webm'])
      const refused = await app.explain(app.sign('filters:gifv()/photo.jpg'))
      expect(refused.errors[0]).toMatchObject({ code: 'VIDEO_REFUSED', status: 400, advice: expect.any(String) })
    })
  })
})

describe('gifv() without ffmpeg', () => {
  test('is VIDEO_REFUSED and says what is missing; other requests are served', async () => {
    await withApp(
      {},
      async (app) => {
        const reply = await app.signed('filters:gifv()/moving.gif')
        expect([reply.status, errorCode(reply)]).toEqual([400, 'VIDEO_REFUSED'])
        expect(reply.body.toString()).toContain('ffmpeg')
        expect((await app.signed('moving.gif')).status).toBe(200)
      },
      '/nowhere',
    )
  })

  test('an ffmpeg that hangs is killed: 504', async () => {
    const script = `case "$*" in *-encoders*) echo libx264; exit 0;; esac; ${FAKES.slow}`
    const ffmpeg = fakeProgram(join(root, 'hang'), 'ffmpeg', script)
    await withApp({ tools: { ffmpeg, videoTimeout: '500ms' } }, async (app) => {
      const reply = await app.signed('filters:gifv()/moving.gif')
      expect([reply.status, errorCode(reply)]).toEqual([504, 'DEADLINE'])
    })
  })
})

function near(a: readonly number[], b: readonly number[]): boolean {
  return a.every((value, i) => Math.abs(value - (b[i] as number)) <= 24)
}

import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { animationOf, DISPOSAL, frameAt, gif, moving } from '../../test/images/animations.ts'
import {
  frame,
  type Job,
  largestDifference,
  make,
  meanDifference,
  type Pixels,
  pixelAt,
  pixels,
  planJob,
  sample,
} from '../../test/images/pictures.ts'
import { FILTERS } from '../filters/registry.ts'
import { render } from './render.ts'

const DELAYS = [40, 80, 120, 160]
const GIF = await moving('gif', 240, 160)
const WEBP = await moving('webp', 240, 160)
const REFS = { 'logo.png': sample('flower-small-rgba.png'), 'frame.png': await frame() }

const RED = [255, 0, 0, 255]
const GREEN = [0, 255, 0, 255]
const BLUE = [0, 0, 255, 255]

/** The frames of a file, RGBA, in which a clear pixel has no colour. */
async function framesOf(bytes: Buffer): Promise<Pixels[]> {
  const { pages } = await animationOf(bytes)
  return Promise.all(
    Array.from({ length: pages }, async (_, page) =>
      pixels(
        await sharp(await frameAt(bytes, page))
          .ensureAlpha()
          .png()
          .toBuffer(),
      ),
    ),
  )
}

function visible({ data }: Pixels): Uint8Array {
  const shown = Uint8Array.from(data)
  for (let i = 0; i < shown.length; i += 4) if (shown[i + 3] === 0) shown.fill(0, i, i + 4)
  return shown
}

type Asked = Omit<Job, 'source' | 'format'>

/** Every frame against the same request for that frame as a still. */
async function expectFramesLikeStills(source: Buffer, asked: Asked) {
  const filters = [asked.filters, 'quality(100)'].filter(Boolean).join(':')
  const animated = await make({ refs: REFS, skipGifFilters: false, ...asked, source, filters, format: 'webp' })
  const drawn = await framesOf(animated.data)
  expect(drawn).toHaveLength(4)
  for (const [page, found] of drawn.entries()) {
    const still = await make({ refs: REFS, ...asked, source: await frameAt(source, page), format: 'png' })
    const wanted = await pixels(await sharp(still.data).ensureAlpha().png().toBuffer())
    expect([found.width, found.height], `frame ${page}`).toEqual([wanted.width, wanted.height])
    expect([animated.width, animated.height]).toEqual([wanted.width, wanted.height])
    expect(largestDifference(visible(found), visible(wanted)), `frame ${page}`).toBe(0)
  }
}

describe('every frame is drawn as a still would be', () => {
  const GEOMETRY: readonly (readonly [string, Asked])[] = [
    ['resized', { asked: { width: 100, height: 0 } }],
    ['cut to shape', { asked: { width: 90, height: 90 } }],
    ['enlarged', { asked: { width: 301, height: 0 } }],
    ['cropped', { asked: { crop: { left: 31, top: 17, right: 200, bottom: 121 } } }],
    ['cropped and resized', { asked: { crop: { left: 31, top: 17, right: 200, bottom: 121 }, width: 61, height: 0 } }],
    ['fitted', { asked: { width: 77, height: 77, fitIn: true } }],
    ['flipped', { asked: { flipH: true, flipV: true } }],
    ['cut around a focal point', { asked: { width: 60, height: 160 }, filters: 'focal(200x0:240x40)' }],
    ['normalised', { images: { maxWidth: 120, maxHeight: 400 }, asked: { width: 50, height: 50 } }],
    ['turned', { filters: 'rotate(90)' }],
    ['filtered in order', { asked: { width: 80, height: 0 }, filters: 'rotate(90):blur(2):rotate(180):grayscale()' }],
  ]

  test.each(GEOMETRY)('GIF: %s', async (_, asked) => expectFramesLikeStills(GIF, asked))
  test.each(GEOMETRY)('WebP: %s', async (_, asked) => expectFramesLikeStills(WEBP, asked))

  test.each(FILTERS.filter(({ phase }) => phase === 'geometry' || phase === 'pixels'))(
    'GIF: $name',
    async ({ example }) =>
      expectFramesLikeStills(GIF, { asked: { width: 96, height: 96, fitIn: true }, filters: example }),
  )

  test('trim cuts all frames by what it finds in the first', async () => {
    const box = { left: 4, top: 2, width: 6, height: 8 }
    const source = gif({ width: 20, height: 20, frames: [{ colour: 0 }, { ...box, colour: 1 }, { ...box, colour: 2 }] })
    // The first frame is all border; of an animation that begins with the box, the box is left.
    const begun = gif({ width: 20, height: 20, frames: [{ colour: 0 }, { ...box, colour: 1 }] })
    const shown = await sharp(begun, { page: 1 }).png().toBuffer()
    const joined = await sharp([shown, await frameAt(source, 2)], { join: { animated: true } })
      .gif()
      .toBuffer()
    const asked = { trim: { raw: 'trim', pos: 'top-left', tolerance: 0 } } as Job['asked'] & object
    expect(await make({ source, format: 'gif', asked })).toMatchObject({ width: 20, height: 20 })
    const { data, width, height } = await make({ source: joined, format: 'gif', asked })
    expect([width, height]).toEqual([6, 8])
    expect((await framesOf(data)).map((found) => pixelAt(found, 3, 3))).toEqual([RED, GREEN])
  })
})

describe('a file comes out with its timing', () => {
  const sources = { gif: GIF, webp: WEBP }
  const JOBS: readonly (readonly ['gif' | 'webp', 'gif' | 'webp', Asked])[] = [
    ['gif', 'gif', {}],
    ['gif', 'gif', { asked: { width: 60, height: 40 } }],
    ['gif', 'webp', {}],
    ['gif', 'webp', { asked: { width: 60, height: 40 } }],
    ['webp', 'webp', {}],
    ['webp', 'webp', { asked: { width: 60, height: 40 } }],
    ['webp', 'gif', { asked: { width: 60, height: 40 } }],
  ]
  test.each(JOBS)('%s as %s %j', async (from, format, asked) => {
    const { data, width, height } = await make({ source: sources[from], format, ...asked })
    expect(await animationOf(data)).toEqual({ format, pages: 4, delay: DELAYS, loop: 3, width, height })
    const wanted = await framesOf(sources[from])
    for (const [page, found] of (await framesOf(data)).entries()) {
      const { data: own } = wanted[page] as Pixels
      const scaled = await sharp(own, { raw: { width: 240, height: 160, channels: 4 } })
        .resize(width, height, { fit: 'fill' })
        .raw()
        .toBuffer()
      expect(meanDifference(found.data, scaled), `frame ${page}`).toBeLessThan(8)
    }
  })

  /** What the file says of repetitions, or undefined when it says nothing. */
  function repeatOf(bytes: Buffer): number | undefined {
    const at = bytes.indexOf('NETSCAPE2.0')
    return at < 0 ? undefined : bytes.readUInt16LE(at + 13)
  }

  test.each([
    ['once', undefined, 1],
    ['for ever', 0, 0],
    ['three times', 2, 3],
  ])('played %s', async (_, repeat, loop) => {
    const frames = [1, 2].map((colour) => ({ colour }))
    const source = gif({ width: 8, height: 8, frames, ...(repeat === undefined ? {} : { repeat }) })
    for (const asked of [{}, { width: 4, height: 4 }]) {
      const { data } = await make({ source, asked, format: 'gif' })
      expect([repeatOf(data), (await animationOf(data)).loop]).toEqual([repeat, loop])
      expect((await animationOf((await make({ source, asked, format: 'webp' })).data)).loop).toBe(loop)
    }
  })

  test('played as often as a GIF can say, which is once more than WebP can', async () => {
    const source = gif({ width: 8, height: 8, repeat: 65_535, frames: [{ colour: 1 }, { colour: 2 }] })
    for (const format of ['gif', 'webp'] as const) {
      expect((await animationOf((await make({ source, format })).data)).loop).toBeGreaterThanOrEqual(65_535)
    }
  })

  test('frames without delay keep none in GIF; in WebP, which has no such frames, they stay 100 ms as in browsers', async () => {
    const frames = [1, 2, 3].map((colour) => ({ colour, delay: 0 }))
    const source = gif({ width: 8, height: 8, repeat: 0, frames })
    for (const asked of [{}, { width: 4, height: 4 }]) {
      expect((await animationOf((await make({ source, asked, format: 'gif' })).data)).delay).toEqual([0, 0, 0])
      expect((await animationOf((await make({ source, asked, format: 'webp' })).data)).delay).toEqual([100, 100, 100])
    }
  })

  test('delays longer than the encoder takes are cut to what it does take, and frames that look alike stay apart', async () => {
    const source = gif({ width: 8, height: 8, frames: [{ colour: 1, delay: 65_535 }, { colour: 1 }, { colour: 2 }] })
    const { pages, delay } = await animationOf(
      (await make({ source, asked: { width: 4, height: 4 }, format: 'gif' })).data,
    )
    expect([pages, delay]).toEqual([3, [65_540, 100, 100]])
  })
})

describe('disposal', () => {
  const box = { left: 0, top: 0, width: 4, height: 4 }
  const source = gif({
    width: 8,
    height: 8,
    frames: [
      { colour: 1 },
      { ...box, colour: 2, disposal: DISPOSAL.restore },
      { ...box, left: 4, colour: 3, disposal: DISPOSAL.clear, clear: 0 },
      { ...box, top: 4, colour: 2 },
    ],
  })
  const corners = (found: Pixels) => [
    pixelAt(found, 1, 1),
    pixelAt(found, 6, 1),
    pixelAt(found, 1, 6),
    pixelAt(found, 6, 6),
  ]
  const CLEAR = [0, 0, 0, 0]

  test.each([
    ['passed through', {}],
    ['drawn', { width: 8, height: 8, flipH: true }],
  ])('keeps its effect on what later frames show: %s', async (_, asked) => {
    const { data } = await make({ source, format: 'gif', asked })
    const shown = (await framesOf(data)).map((found) => {
      const [a, b, c, d] = corners({ ...found, data: Buffer.from(visible(found)) })
      return 'flipH' in asked ? [b, a, d, c] : [a, b, c, d]
    })
    expect(shown).toEqual([
      [RED, RED, RED, RED],
      [GREEN, RED, RED, RED],
      [RED, BLUE, RED, RED],
      [RED, CLEAR, GREEN, RED],
    ])
  })
})

describe('a broken frame', () => {
  const job = (index: number, format: 'gif' | 'webp', asked: Job['asked'] & object): Job => {
    const frames = [1, 2, 3, 1].map((colour, i) => ({ colour, delay: 3 + i, broken: i === index }))
    return { source: gif({ width: 16, height: 16, repeat: 0, frames }), format, asked }
  }
  const WAYS = [
    ['gif', {}],
    ['gif', { width: 8, height: 8 }],
    ['webp', {}],
    ['webp', { width: 8, height: 8 }],
  ] as const

  test.each(WAYS)('as %s %j: the frames before it are shown', async (format, asked) => {
    const { data } = await make(job(2, format, asked))
    expect(await animationOf(data)).toMatchObject({ pages: 2, delay: [30, 40], loop: 0 })
    const shown = (await framesOf(data)).map((found) => pixelAt(found, 5, 5))
    for (const [page, colour] of [RED, GREEN].entries()) {
      // WebP is not exact.
      expect(largestDifference(Buffer.from(shown[page] as number[]), Buffer.from(colour))).toBeLessThan(40)
    }
    expect(await animationOf((await make(job(1, format, asked))).data)).toMatchObject({ format, pages: 1 })
  })

  test.each(WAYS)('as %s %j: when it is the first, the source is at fault', async (format, asked) => {
    await expect(make(job(0, format, asked))).rejects.toMatchObject({ code: 'SOURCE_UNDECODABLE', status: 400 })
  })
})

describe('formats that hold one picture show the first frame', () => {
  test.each(['jpeg', 'png', 'avif'] as const)('%s', async (format) => {
    const job = { asked: { width: 60, height: 40 }, format, filters: `quality(90):format(${format})` }
    const { data } = await make({ ...job, source: GIF, skipGifFilters: false })
    expect((await animationOf(data)).pages).toBe(1)
    const still = await make({ ...job, source: await frameAt(GIF, 0) })
    expect(meanDifference((await pixels(data)).data, (await pixels(still.data)).data)).toBeLessThan(1)
  })

  test('however many frames there are', async () => {
    const images = { maxFrames: 2, maxAnimationPixels: 1 }
    expect(await make({ source: GIF, format: 'png', images })).toMatchObject({ width: 240, height: 160 })
  })
})

describe('max_bytes', () => {
  test('lowers the quality of all frames of a WebP and keeps their timing', async () => {
    const full = await make({ source: WEBP, format: 'webp' })
    const limit = Math.floor(full.data.length * 0.7)
    const { data } = await make({ source: WEBP, format: 'webp', filters: `max_bytes(${limit})` })
    expect(data.length).toBeLessThanOrEqual(limit)
    expect(await animationOf(data)).toMatchObject({ pages: 4, delay: DELAYS, loop: 3 })
  })

  test('leaves GIF alone, as there is no quality to lower', async () => {
    const { data } = await make({ source: GIF, format: 'gif', filters: 'max_bytes(100)', skipGifFilters: false })
    expect(data.equals((await make({ source: GIF, format: 'gif' })).data)).toBe(true)
  })
})

describe('metadata of an animated WebP', () => {
  const tagged = async () =>
    sharp(WEBP, { animated: true })
      .withExif({ IFD0: { Copyright: 'someone' } })
      .withIccProfile('p3')
      .webp({ lossless: true })
      .toBuffer()
  const images = { preserveExif: true }

  test('comes along when it passes through', async () => {
    const { data } = await make({ source: await tagged(), format: 'webp', images })
    const { exif, hasProfile, pages } = await sharp(data).metadata()
    expect([String(exif).includes('someone'), hasProfile, pages]).toEqual([true, true, 4])
  })

  test('stays behind when it is drawn; colours are converted, so that it looks the same', async () => {
    const source = await tagged()
    const { data } = await make({ source, format: 'webp', images, filters: 'rotate(180):quality(100)' })
    const { exif, hasProfile, pages } = await sharp(data).metadata()
    expect([exif, hasProfile, pages]).toEqual([undefined, false, 4])
    const turned = await make({ source: await frameAt(WEBP, 1), filters: 'rotate(180)' })
    const colours = (bytes: Buffer) => sharp(bytes).removeAlpha().raw().toBuffer()
    expect(meanDifference(await colours(await frameAt(data, 1)), await colours(turned.data))).toBeLessThan(3)
  })
})

describe('a request that is no longer wanted', () => {
  test('ends before the next frame', async () => {
    const asked = { source: GIF, format: 'gif', asked: { width: 50, height: 50 } } as const
    const plan = await planJob(asked)
    const gone = new Error('gone')
    await expect(render(plan, GIF, new Map(), AbortSignal.abort(gone))).rejects.toBe(gone)
  })
})

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { frameAt, gif, moving } from '../../test/images/animations.ts'
import { IMAGES, largestDifference, pixelAt } from '../../test/images/pictures.ts'
import { probe } from './decode.ts'
import { createStrip, decodeFrames } from './frames.ts'
import type { RawImage } from './image.ts'
import { setUpSharp } from './sharp-setup.ts'

beforeAll(setUpSharp)

async function framesOf(bytes: Buffer, pixelsAtOnce?: number): Promise<RawImage[]> {
  const frames: RawImage[] = []
  for await (const frame of decodeFrames(bytes, await probe(bytes, IMAGES), pixelsAtOnce)) frames.push(frame)
  return frames
}

const centre = ({ data, width, height, channels }: RawImage) =>
  pixelAt({ data: Buffer.from(data), width, height, channels }, width >> 1, height >> 1).slice(0, 3)
const [BLACK, RED, GREEN, BLUE] = [
  [0, 0, 0],
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
]

describe('the header of an animation', () => {
  const red = {
    width: 20,
    height: 10,
    frames: [
      { colour: 1, delay: 3 },
      { colour: 2, delay: 0 },
    ],
  }

  test.each([
    ['for ever', 0, 0],
    ['six times, once and five again', 5, 6],
  ])('tells delays in ms, and that it is played %s', async (_, repeat, loop) => {
    expect(await probe(gif({ ...red, repeat }), IMAGES)).toMatchObject({
      pages: 2,
      animation: { delays: [30, 0], loop },
    })
  })

  test('is that of a still where animations of its format are switched off', async () => {
    for (const [format, off] of [
      ['gif', { animatedGif: false }],
      ['webp', { animatedWebp: false }],
    ] as const) {
      const bytes = await moving(format, 24, 16)
      expect(await probe(bytes, IMAGES)).toMatchObject({ format, pages: 4 })
      const still = await probe(bytes, { ...IMAGES, ...off })
      expect([still.pages, still.animation]).toEqual([1, undefined])
    }
  })

  test('of one frame is that of a still, and so is that of a TIFF with pages', async () => {
    const still = await probe(gif({ ...red, frames: [{ colour: 1 }] }), IMAGES)
    expect([still.pages, still.animation]).toEqual([1, undefined])
    const pages = await sharp(gif(red), { animated: true }).tiff().toBuffer()
    expect((await sharp(pages).metadata()).pages).toBe(2)
    expect(await probe(pages, IMAGES)).toMatchObject({ format: 'tiff', pages: 1 })
  })

  test('of an APNG is that of its first picture', async () => {
    expect(await probe(apng(), IMAGES)).toMatchObject({ format: 'png', width: 1, height: 1, pages: 1 })
  })
})

const ffmpeg = spawnSync('ffmpeg', ['-hide_banner', '-encoders'], { encoding: 'utf8' })
const writesAvif = String(ffmpeg.stdout).includes('libaom-av1')

// With CI=true a missing ffmpeg is a failure.
test.skipIf(!writesAvif && process.env.CI !== 'true')(
  'an AVIF sequence without a still picture is SOURCE_UNDECODABLE (needs ffmpeg with libaom-av1)',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'imgsvc-avis-'))
    try {
      const file = join(dir, 'sequence.avif')
      const input = ['-f', 'lavfi', '-i', 'testsrc=size=64x48:rate=5:duration=1']
      execFileSync('ffmpeg', ['-loglevel', 'error', ...input, '-c:v', 'libaom-av1', '-cpu-used', '8', file])
      await expect(probe(readFileSync(file), IMAGES)).rejects.toMatchObject({ code: 'SOURCE_UNDECODABLE', status: 400 })
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  },
)

/** A PNG of one red pixel, followed by a frame with a green one (PNG third edition, section 11.3.6). */
function apng(): Buffer {
  const chunk = (type: string, body: readonly number[]) => {
    const framed = Buffer.concat([Buffer.from(type, 'latin1'), Buffer.from(body)])
    return Buffer.concat([u32(body.length), framed, u32(crc32(framed))])
  }
  const pixel = (rgb: readonly number[]) => [...deflateSync(Buffer.from([0, ...rgb]))]
  const control = (sequence: number) =>
    chunk('fcTL', [0, 0, 0, sequence, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 10, 0, 0])
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', [0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]),
    chunk('acTL', [0, 0, 0, 2, 0, 0, 0, 0]),
    control(0),
    chunk('IDAT', pixel([255, 0, 0])),
    control(1),
    chunk('fdAT', [0, 0, 0, 2, ...pixel([0, 255, 0])]),
    chunk('IEND', []),
  ])
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function crc32(bytes: Buffer): number {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

describe('the frames of an animation', () => {
  test.each(['gif', 'webp'] as const)('%s: are the same however many are decoded at once', async (format) => {
    const bytes = await moving(format, 48, 32, { delay: Array.from({ length: 7 }, () => 50), loop: 0 })
    for (const pixelsAtOnce of [1, 48 * 32, 48 * 32 * 3, 48 * 32 * 7, 1e9]) {
      const frames = await framesOf(bytes, pixelsAtOnce)
      expect(frames).toHaveLength(7)
      for (const [page, { data, width, height, channels }] of frames.entries()) {
        expect([width, height]).toEqual([48, 32])
        const alone = await sharp(await frameAt(bytes, page))
          .raw()
          .toBuffer()
        expect(channels * 48 * 32).toBe(data.length)
        expect(largestDifference(data, alone)).toBe(0)
      }
    }
  })

  test('larger than the screen widen it when they are the first, and are cut otherwise', async () => {
    const large = { left: 0, top: 0, width: 30, height: 20, colour: 1 }
    const widened = await framesOf(gif({ width: 10, height: 10, frames: [large, { colour: 2 }] }))
    expect(widened.map(({ width, height }) => [width, height])).toEqual([
      [30, 20],
      [30, 20],
    ])
    const cut = await framesOf(gif({ width: 10, height: 10, frames: [{ colour: 2 }, large] }))
    expect(cut.map((frame) => [frame.width, frame.height, ...centre(frame)])).toEqual([
      [10, 10, ...(GREEN as number[])],
      [10, 10, ...(RED as number[])],
    ])
  })

  test('without area show what was there before', async () => {
    const frames = [{ colour: 1 }, { width: 0, height: 0, colour: 2 }, { colour: 3 }]
    expect((await framesOf(gif({ width: 10, height: 10, frames }))).map(centre)).toEqual([RED, RED, BLUE])
  })

  test('of a screen without area take the size of the first', async () => {
    const frames = [1, 2].map((colour) => ({ width: 10, height: 8, colour }))
    const decoded = await framesOf(gif({ width: 0, height: 0, frames }))
    expect(decoded.map(({ width, height }) => [width, height])).toEqual([
      [10, 8],
      [10, 8],
    ])
  })
})

describe('a damaged animation', () => {
  const colours = [1, 2, 3, 1, 2, 3]
  const whole = gif({ width: 40, height: 40, frames: colours.map((colour) => ({ colour })) })
  const broken = (index: number) =>
    gif({ width: 40, height: 40, frames: colours.map((colour, i) => ({ colour, broken: i === index })) })

  test.each([1, 2, 3, 4, 5])('gives the frames before the broken one: %i', async (index) => {
    const frames = await framesOf(broken(index))
    expect(frames.map(centre)).toEqual([RED, GREEN, BLUE, RED, GREEN, BLUE].slice(0, index))
    // Nothing depends on how the frames are grouped.
    expect(await framesOf(broken(index), 40 * 40 * 2)).toEqual(frames)
  })

  test('whose first frame is broken is SOURCE_UNDECODABLE', async () => {
    await expect(framesOf(broken(0))).rejects.toMatchObject({ code: 'SOURCE_UNDECODABLE', status: 400 })
  })

  test.each([0.2, 0.5, 0.8, 0.99])('that ends after %f of its bytes gives the frames there are', async (share) => {
    const frames = await framesOf(whole.subarray(0, Math.floor(whole.length * share)))
    const most = Math.ceil(6 * share)
    expect(frames.length).toBeGreaterThanOrEqual(most - 1)
    expect(frames.length).toBeLessThanOrEqual(most)
    expect(frames.slice(0, most - 1).map(centre)).toEqual([RED, GREEN, BLUE, RED, GREEN, BLUE].slice(0, most - 1))
    // What is missing of the last is what was there before it, or clear: never foreign memory.
    for (const frame of frames) expect([BLACK, RED, GREEN, BLUE]).toContainEqual(centre(frame))
  })
})

describe('a strip', () => {
  const frame = (width: number, fill: number): RawImage => ({
    data: new Uint8Array(width * 2 * 3).fill(fill),
    width,
    height: 2,
    channels: 3,
  })

  test('holds copies of its frames, one after another, as many as came', () => {
    const strip = createStrip(3)
    const first = frame(1, 7)
    strip.add(first)
    first.data.fill(0)
    strip.add(frame(1, 9))
    const { data, ...sides } = strip.frames()
    expect(sides).toEqual({ width: 1, height: 2, channels: 3, frames: 2 })
    expect([...data]).toEqual([7, 7, 7, 7, 7, 7, 9, 9, 9, 9, 9, 9])
  })

  test('takes no frame of another size, and none too many', () => {
    const strip = createStrip(2)
    expect(() => strip.frames()).toThrowError(expect.objectContaining({ code: 'INTERNAL' }))
    strip.add(frame(4, 1))
    expect(() => strip.add(frame(5, 1))).toThrowError(expect.objectContaining({ code: 'INTERNAL' }))
    strip.add(frame(4, 2))
    expect(() => strip.add(frame(4, 3))).toThrowError(expect.objectContaining({ code: 'INTERNAL' }))
  })
})

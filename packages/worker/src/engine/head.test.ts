import { readFileSync } from 'node:fs'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import {
  largestDifference,
  make,
  meanDifference,
  pixelAt,
  pixels,
  planJob,
  ramp,
  sample,
} from '../../test/images/pictures.ts'
import { open, probe } from './decode.ts'
import { applyRun, runOnRaw, toRaw } from './execute.ts'
import { clampRequested } from './geometry/targets.ts'
import { transform } from './geometry/transform.ts'
import { headSteps } from './head.ts'
import type { RawImage } from './image.ts'
import { segments } from './segments.ts'

const file = new URL('../../test/vectors/thumbor/sizing.json', import.meta.url)
const { vectors } = JSON.parse(readFileSync(file, 'utf8'))

const LIMITS = { maxPixels: 1e9 }
const noRefs = { load: () => Promise.reject(new Error('no references here')) }

async function execute(bytes: Buffer, input: Parameters<typeof transform>[0]): Promise<RawImage> {
  const source = await probe(bytes, LIMITS)
  const [head = [], ...rest] = segments(headSteps(transform(input).ops, source, true))
  let image = await toRaw(applyRun(open(bytes, source), head))
  for (const run of rest) image = await runOnRaw(image, run, noRefs)
  return image
}

/** Where the middle of a pixel of the result comes from, by thumbor's own list of operations, last one first. */
function originOf(
  x: number,
  y: number,
  ops: readonly (readonly [string, ...number[]])[],
  source: readonly [number, number],
) {
  const sizes: [number, number][] = [[...source]]
  for (const [name, a = 0, b = 0, c = 0, d = 0] of ops) {
    const [w, h] = sizes.at(-1) as [number, number]
    if (name === 'crop') sizes.push([c - a, d - b])
    else if (name === 'resize') sizes.push([a, b])
    else sizes.push(name === 'rotate' ? [h, w] : [w, h])
  }
  let point: [number, number] = [x + 0.5, y + 0.5]
  for (let i = ops.length - 1; i >= 0; i--) {
    const [name, a = 0, b = 0] = ops[i] as [string, ...number[]]
    const [w, h] = sizes[i] as [number, number]
    const [px, py] = point
    if (name === 'crop') point = [px + a, py + b]
    else if (name === 'resize') point = [(px * w) / a, (py * h) / b]
    else if (name === 'flip_horizontally') point = [w - px, py]
    else if (name === 'flip_vertically') point = [px, h - py]
    // 90 and 270 counter-clockwise are the turns thumbor's orientations use, and 180.
    else if (a === 90) point = [w - py, px]
    else if (a === 180) point = [w - px, h - py]
    else point = [py, h - px]
  }
  return point
}

describe('sizing vectors, carried out', () => {
  const doable = vectors.filter(({ expected }) => expected.ops)
  // The others are a 500 in thumbor; the test of transform.ts holds what they are here.
  test.each([...doable.entries()])(
    `%i of ${doable.length} (of ${vectors.length})`,
    async (_, { input, expected, uncertain }) => {
      const { source_width: width, source_height: height } = input
      const bytes = await (await ramp(width, height)).tiff({ compression: 'none' }).toBuffer()
      const maxWidth = input.max_width ?? 0
      const maxHeight = input.max_height ?? 0
      const image = await execute(bytes, {
        source: { width, height },
        orientation: input.respect_orientation ? (input.orientation ?? 1) : 1,
        request: {
          debug: false,
          crop: input.crop,
          fitIn: Boolean(input.fit_in),
          adaptive: Boolean(input.adaptive),
          full: Boolean(input.full),
          ...clampRequested({ width: input.width ?? 0, height: input.height ?? 0 }, maxWidth, maxHeight),
          flipH: Boolean(input.horizontal_flip),
          flipV: Boolean(input.vertical_flip),
          halign: input.halign ?? 'center',
          valign: input.valign ?? 'middle',
        },
        stretch: Boolean(input.stretch),
        focalPoints: (input.focal_points ?? []).map(({ x, y, weight }) => ({ x, y, weight: weight ?? 1 })),
        maxWidth,
        maxHeight,
      })
      expect([image.width, image.height]).toEqual([expected.final_width, expected.final_height])
      if (uncertain) return
      const picture = { ...image, data: Buffer.from(image.data) }
      for (const u of [0.1, 0.5, 0.9]) {
        for (const v of [0.1, 0.5, 0.9]) {
          const [x, y] = [Math.floor(u * image.width), Math.floor(v * image.height)]
          const [red = 0, green = 0] = pixelAt(picture, x, y)
          const [fromX, fromY] = originOf(x, y, expected.ops, [width, height])
          // A step of the ramp is many levels where the source has few pixels, and scaling smooths it.
          const slack = (side: number) => 2.5 + 256 / side
          expect(Math.abs(red - (256 * fromX) / width + 0.5)).toBeLessThan(slack(width))
          expect(Math.abs(green - (256 * fromY) / height + 0.5)).toBeLessThan(slack(height))
        }
      }
    },
  )
})

/** A photo with an EXIF orientation, made of the ramp, which tells where every pixel was stored. */
async function oriented(orientation: number, width: number, height: number, format: 'jpeg' | 'tiff' = 'jpeg') {
  const image = (await ramp(width, height)).withMetadata({ orientation })
  return format === 'jpeg'
    ? image.jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer()
    : image.tiff().toBuffer()
}

describe('respecting EXIF orientation', () => {
  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
    test(`${orientation}: a crop of the upright picture, scaled and flipped, is the same as with sharp's own turn`, async () => {
      const source = await oriented(orientation, 640, 400)
      const upright = await sharp(source).autoOrient().png().toBuffer()
      const asked = { crop: { left: 40, top: 60, right: 240, bottom: 360 }, width: 100, height: 120, flipH: true }
      const turned = await pixels((await make({ source, asked, images: { respectOrientation: true } })).data)
      const plain = await pixels((await make({ source: upright, asked })).data)
      expect([turned.width, turned.height]).toEqual([100, 120])
      // Scaling before turning rounds differently in the last bit.
      expect(largestDifference(turned.data, plain.data)).toBeLessThanOrEqual(3)
    })
  }

  test('is off unless configured, and then the pixels stay as stored', async () => {
    const source = await oriented(6, 64, 40)
    const { data, width, height } = await make({ source })
    expect([width, height]).toEqual([64, 40])
    expect(meanDifference((await pixels(data)).data, (await pixels(source)).data)).toBe(0)
  })

  test('turns last, on the small picture, so that shrink-on-load stays alive', async () => {
    const plan = await planJob({
      source: await oriented(6, 1600, 1200),
      asked: { width: 150, height: 150 },
      images: { respectOrientation: true },
    })
    expect(plan.steps.map(({ op }) => op)).toEqual(['resize', 'turn', 'cut'])
  })
})

describe('shrink-on-load', () => {
  // The same pixels where a decoder cannot shrink: the results differ if and only if the JPEG decoder did shrink.
  const lossless = async (jpeg: Buffer) => sharp(jpeg).tiff({ compression: 'none' }).toBuffer()
  const compare = async (asked: Parameters<typeof make>[0]['asked']) => {
    const source = sample('flower.jpg')
    const [shrunk, exact] = await Promise.all([
      make({ source, asked }),
      make({ source: await lossless(source), asked }),
    ])
    const [a, b] = [await pixels(shrunk.data), await pixels(exact.data)]
    return { differs: largestDifference(a.data, b.data) > 0, mean: meanDifference(a.data, b.data) }
  }

  test.each([
    ['a plain resize', { width: 300, height: 200 }],
    ['a resize with an automatic crop', { width: 200, height: 200 }],
    ['a resize of a manual crop', { width: 189, height: 126, crop: { left: 0, top: 0, right: 1134, bottom: 756 } }],
    ['a flipped resize', { width: 300, height: 200, flipH: true, flipV: true }],
    ['fit-in', { width: 300, height: 300, fitIn: true }],
  ])('fires for %s and keeps the picture', async (_, asked) => {
    const { differs, mean } = await compare(asked)
    expect(differs).toBe(true)
    expect(mean).toBeLessThan(3)
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'fires for a picture turned by orientation %i and keeps it',
    async (orientation) => {
      const oriented = (image: sharp.Sharp) => image.withMetadata({ orientation })
      const jpeg = sample('flower.jpg')
      // A quarter of the upright picture, in whichever corner of the sensor it lies.
      const [width, height] = orientation < 5 ? [189, 126] : [126, 189]
      const asked = { crop: { left: 0, top: 0, right: width * 6, bottom: height * 6 }, width, height, flipH: true }
      const [source, exact] = await Promise.all([
        oriented(sharp(jpeg)).jpeg({ quality: 95 }).toBuffer(),
        oriented(sharp(jpeg))
          .jpeg({ quality: 95 })
          .toBuffer()
          .then((bytes) => oriented(sharp(bytes)).tiff({ compression: 'none' }).toBuffer()),
      ])
      const images = { respectOrientation: true }
      const [a, b] = await Promise.all([make({ source, asked, images }), make({ source: exact, asked, images })])
      const [shrunk, whole] = [await pixels(a.data), await pixels(b.data)]
      expect(largestDifference(shrunk.data, whole.data)).toBeGreaterThan(0)
      expect(meanDifference(shrunk.data, whole.data)).toBeLessThan(3)
    },
  )

  test('does not fire where every pixel is needed, which proves the comparison', async () => {
    expect(await compare({ width: 1600, height: 1000 })).toEqual({ differs: false, mean: 0 })
  })
})

describe('cutting after scaling', () => {
  test('is chosen only when no edge moves by more than a quarter of a pixel', async () => {
    const source = sample('flower.jpg')
    // 1512 / 200 = 7.56: the whole is 300 wide and the cut starts at 50 exactly.
    const even = await planJob({ source, asked: { width: 200, height: 200 } })
    expect(even.steps.map(({ op, params }) => [op, ...Object.values(params)])).toEqual([
      ['resize', 300, 200],
      ['cut', 50, 0, 200, 200],
    ])
    const odd = await planJob({
      source,
      asked: { crop: { left: 103, top: 0, right: 1104, bottom: 1001 }, width: 200, height: 200 },
    })
    expect(odd.steps.map(({ op }) => op)).toEqual(['crop', 'resize'])
  })

  test('of a finer size in memory is chosen for great reductions, unless metadata has to be kept', async () => {
    const source = await (await ramp(2400, 1800)).jpeg().toBuffer()
    const asked = { crop: { left: 105, top: 0, right: 1105, bottom: 1000 }, width: 100, height: 100 }
    const ops = async (images = {}) => (await planJob({ source, asked, images })).steps.map(({ op }) => op)
    expect(await ops()).toEqual(['resize', 'crop', 'resize'])
    expect(await ops({ preserveExif: true })).toEqual(['crop', 'resize'])
  })

  test('shows the same part of the picture as cropping first', async () => {
    const source = await (await ramp(2400, 1800)).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer()
    for (const asked of [
      { width: 200, height: 200 },
      { width: 90, height: 250 },
      { width: 400, height: 100 },
      { crop: { left: 105, top: 0, right: 1105, bottom: 1000 }, width: 100, height: 100 },
    ]) {
      const { data } = await make({ source, asked })
      const exact = await make({ source: await sharp(source).png().toBuffer(), asked })
      // A whole pixel of the result would move the ramp by 256 × 6 / 1800 levels or more.
      expect(meanDifference((await pixels(data)).data, (await pixels(exact.data)).data)).toBeLessThan(0.75)
    }
  })
})

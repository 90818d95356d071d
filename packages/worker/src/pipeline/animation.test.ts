import { splitFilterCalls } from '@imgsvc/core/url/filter-calls'
import { describe, expect, test } from 'vitest'
import { gif } from '../../test/images/animations.ts'
import { IMAGES, type Job, make, planJob } from '../../test/images/pictures.ts'
import { resolveFilters } from '../filters/resolve.ts'
import { checkFrames, filtersOn, framesOf, onBackground } from './animation.ts'

describe('limits on animations', () => {
  const size = { width: 10, height: 10 }
  const check = (frames: number, images: Partial<typeof IMAGES>, result = size) =>
    checkFrames(size, frames, result, { ...IMAGES, ...images })

  test.each([
    ['frames', { maxFrames: 4 }, size, 'SOURCE_TOO_MANY_FRAMES'],
    ['pixels of the source', { maxAnimationPixels: 499 }, size, 'SOURCE_TOO_MANY_PIXELS'],
    ['pixels of the result', { maxOutputPixels: 499 }, size, 'OUTPUT_TOO_LARGE'],
    ['rows', { maxOutputPixels: 1e12 }, { width: 1, height: 20_000_001 }, 'OUTPUT_TOO_LARGE'],
  ] as const)('too many %s', (_, images, result, code) => {
    expect(() => check(5, images, result)).toThrowError(expect.objectContaining({ code, status: 400 }))
  })

  test('hold to the last frame and the last pixel, and for animations alone', () => {
    check(5, { maxFrames: 5, maxAnimationPixels: 500, maxOutputPixels: 500 })
    check(1, { maxAnimationPixels: 1, maxOutputPixels: 1 })
  })

  test('are read from the header: 10,000 frames are refused before any of them is decoded', async () => {
    const box = { width: 2, height: 2 }
    const frames = Array.from({ length: 10_000 }, (_, i) => ({ ...box, colour: i % 4 }))
    const source = gif({ width: 2000, height: 2000, frames })
    const before = process.memoryUsage().rss
    await expect(planJob({ source, format: 'gif' })).rejects.toMatchObject({ code: 'SOURCE_TOO_MANY_FRAMES' })
    await expect(planJob({ source, format: 'gif', images: { maxFrames: 1e5 } })).rejects.toMatchObject({
      code: 'SOURCE_TOO_MANY_PIXELS',
    })
    // All frames decoded would be 160 GB.
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6)
    expect(await make({ source, format: 'png', asked: { width: 20, height: 20 } })).toMatchObject({ width: 20 })
  })

  test('count the work of filters for every frame', async () => {
    const frames = Array.from({ length: 40 }, (_, i) => ({ colour: i % 4, width: 9, height: 9 }))
    const source = gif({ width: 400, height: 300, frames })
    const job: Job = { source, asked: { width: 1200, height: 900 }, filters: 'blur(100)', skipGifFilters: false }
    await expect(planJob({ ...job, format: 'png' })).resolves.toMatchObject({ frames: 1 })
    await expect(planJob({ ...job, format: 'gif' })).rejects.toMatchObject({ code: 'OUTPUT_TOO_LARGE' })
  })
})

test('only GIF and WebP hold several frames', () => {
  expect((['gif', 'webp', 'png', 'jpeg', 'avif'] as const).map((format) => framesOf({ pages: 3 }, format))).toEqual([
    3, 3, 1, 1, 1,
  ])
})

describe('filters on GIF sources', () => {
  const calls = 'no_upscale():blur(9):watermark(mark.png,0,0,0):frame(frame.png):quality(1):max_age(5):format(png)'
  const filters = resolveFilters(splitFilterCalls(`nonsense():${calls}`), { onInvalid: 'ignore' })

  test('are left out, but for those before the geometry, and named', () => {
    const left = filtersOn({ format: 'gif' }, filters, { skipGifFilters: true })
    expect(left.list.map(({ name }) => name)).toEqual(['no_upscale'])
    expect(left.ignored).toEqual(['nonsense()', ...calls.split(':').slice(1)])
    expect({ ...left, list: [], ignored: [] }).toEqual({
      ...resolveFilters([], { onInvalid: 'ignore' }),
      list: [],
      ignored: [],
    })
  })

  test('act like any others with compat.skipGifFilters off, and on sources of other formats', () => {
    expect(filtersOn({ format: 'gif' }, filters, { skipGifFilters: false })).toBe(filters)
    for (const format of ['png', 'webp', 'jpeg'] as const) {
      expect(filtersOn({ format }, filters, { skipGifFilters: true })).toBe(filters)
    }
  })
})

describe('gifv()', () => {
  const resolved = (text: string) => resolveFilters(splitFilterCalls(text), { onInvalid: 'reject' })
  const texts = (filters: ReturnType<typeof resolved>) => filters.list.map(({ text }) => text)
  const skipping = { skipGifFilters: true }

  test('acts on GIF together with background_color(), nothing else after the geometry does', () => {
    const text = 'rotate(90):gifv(webm):background_color(red):quality(3):no_upscale()'
    const filters = filtersOn({ format: 'gif' }, resolved(text), skipping)
    expect(texts(filters)).toEqual(['gifv(webm)', 'background_color(red)', 'no_upscale()'])
    expect([filters.video, filters.ignored]).toEqual(['webm', ['rotate(90)', 'quality(3)']])
  })

  test('without it background_color() is left out as ever', () => {
    expect(texts(filtersOn({ format: 'gif' }, resolved('background_color(red)'), skipping))).toEqual([])
  })

  test.each([
    ['gifv()', ['gifv()', 'background_color(white)']],
    ['background_color(red):gifv()', ['background_color(red)', 'gifv()']],
    // What is cut out last would be transparent again.
    [
      'background_color(red):round_corner(5,0,0,0,1):gifv()',
      ['background_color(red)', 'round_corner(5,0,0,0,1)', 'gifv()', 'background_color(red)'],
    ],
    ['blur(2)', ['blur(2)']],
  ])('%s ends with a background', (text, list) => {
    expect(texts(onBackground(resolved(text)))).toEqual(list)
  })
})

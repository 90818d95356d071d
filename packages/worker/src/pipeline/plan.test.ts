import { describe, expect, test } from 'vitest'
import { type Job, planJob, sample } from '../../test/images/pictures.ts'

const photo = sample('coffee.png')
const job = (more: Partial<Job>) => planJob({ source: photo, ...more })
const names = async (more: Partial<Job>) => (await job(more)).steps.map(({ op }) => op)

describe('limits', () => {
  test.each([
    ['two huge sides', { width: 30_000, height: 30_000 }, 'png'],
    ['one endless side', { width: 99_999_999_999, height: 1 }, 'png'],
    ['a side no number can hold', { width: Number.MAX_SAFE_INTEGER, height: 0 }, 'png'],
    ['a side WebP cannot hold', { width: 16_384, height: 10 }, 'webp'],
    ['a side JPEG cannot hold', { width: 65_536, height: 10 }, 'jpeg'],
    ['a side AVIF cannot hold', { width: 16_385, height: 10 }, 'avif'],
  ] as const)('%s: OUTPUT_TOO_LARGE', async (_, asked, format) => {
    await expect(job({ asked, format })).rejects.toMatchObject({ code: 'OUTPUT_TOO_LARGE', status: 400 })
  })

  test('hold after every step, not only for the result', async () => {
    const asked = { width: 3000, height: 3000 }
    const images = { maxOutputPixels: 4_000_000 }
    await expect(job({ asked, images, filters: 'proportion(0.1)' })).rejects.toMatchObject({ code: 'OUTPUT_TOO_LARGE' })
    const fitted = { width: 3000, height: 3000, fitIn: true }
    await expect(job({ asked: fitted, images })).resolves.toMatchObject({ size: { width: 600, height: 400 } })
    await expect(job({ asked: fitted, images, filters: 'fill(red)' })).rejects.toMatchObject({
      code: 'OUTPUT_TOO_LARGE',
    })
    await expect(job({ asked: fitted, images, filters: 'upscale()' })).rejects.toMatchObject({
      code: 'OUTPUT_TOO_LARGE',
    })
  })

  test('hold for a watermark scaled up as well', async () => {
    const refs = { 'mark.png': photo }
    await expect(job({ refs, filters: 'watermark(mark.png,0,0,0,100)' })).resolves.toBeDefined()
    const huge = job({ refs, filters: 'watermark(mark.png,0,0,0,3000)' })
    await expect(huge).rejects.toMatchObject({ code: 'OUTPUT_TOO_LARGE' })
  })

  test('the sides a format can hold are allowed to the last pixel', async () => {
    await expect(job({ asked: { width: 16_383, height: 10 }, format: 'webp' })).resolves.toBeDefined()
    await expect(job({ asked: { width: 65_535, height: 10 }, format: 'jpeg' })).resolves.toBeDefined()
  })

  test('filters together may not need more than a bounded time', async () => {
    const asked = { width: 6000, height: 4000 }
    await expect(job({ asked, filters: 'blur(150)' })).rejects.toMatchObject({ code: 'OUTPUT_TOO_LARGE' })
    await expect(job({ asked, filters: 'blur(10)' })).resolves.toBeDefined()
    const turns = Array.from({ length: 200 }, () => 'rotate(90)').join(':')
    await expect(job({ asked, filters: turns })).rejects.toMatchObject({ code: 'OUTPUT_TOO_LARGE' })
    const many = Array.from({ length: 1000 }, () => 'blur(150)').join(':')
    await expect(job({ asked: { width: 300, height: 200 }, filters: many })).rejects.toMatchObject({
      code: 'OUTPUT_TOO_LARGE',
    })
  })
})

describe('steps', () => {
  test('a request for nothing does nothing', async () => {
    expect(await names({})).toEqual([])
    expect(await names({ filters: 'rotate(360):rotate(45):proportion(10000):proportion(-1):upscale()' })).toEqual([])
  })

  test('filters follow the geometry in URL order, again and again', async () => {
    const filters = 'brightness(1):rotate(90):blur(2):rotate(90):grayscale()'
    expect(await names({ asked: { width: 30, height: 30 }, filters })).toEqual([
      'crop',
      'resize',
      'brightness',
      'turn',
      'blur',
      'turn',
      'recomb',
    ])
  })

  test('each carries the size after it', async () => {
    const { steps, size } = await job({ asked: { width: 300, height: 0 }, filters: 'rotate(90):proportion(0.5)' })
    expect(steps.map((step) => [step.op, step.size.width, step.size.height])).toEqual([
      ['resize', 300, 200],
      ['turn', 200, 300],
      ['resize', 100, 150],
    ])
    expect(size).toEqual({ width: 100, height: 150 })
  })

  test('no_upscale acts before the geometry wherever it stands', async () => {
    const asked = { width: 1200, height: 100 }
    const { size } = await job({ asked, filters: 'brightness(1):no_upscale()' })
    expect(size).toEqual({ width: 600, height: 100 })
  })

  test('debug leaves the picture as it is', async () => {
    expect(await names({ asked: { debug: true, width: 10, height: 10, flipH: true } })).toEqual([])
  })
})

describe('quality', () => {
  test.each([
    ['the general one', 'jpeg', '', 71],
    ['of WebP', 'webp', '', 72],
    ['of AVIF', 'avif', '', 73],
    ['of the filter', 'webp', 'quality(5)', 5],
    ['of the last filter', 'jpeg', 'quality(5):quality(6)', 6],
  ] as const)('is %s', async (_, format, filters, quality) => {
    const images = { quality: 71, webpQuality: 72, avifQuality: 73 }
    expect((await job({ format, filters, images })).encoding.quality).toBe(quality)
  })
})

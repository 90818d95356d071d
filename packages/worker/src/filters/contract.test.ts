import { splitFilterCalls } from '@imgsvc/core/url/filter-calls'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { frame, type Job, make, meanDifference, pixels, planJob, sample } from '../../test/images/pictures.ts'
import type { Phase } from './filter.ts'
import { FILTERS } from './registry.ts'
import { resolveFilters } from './resolve.ts'

/** A request on which the example of a filter shows; the others show on any photo. */
const SHOWS_ON: Readonly<Record<string, Partial<Job>>> = {
  focal: { asked: { width: 160, height: 160 } },
  stretch: { asked: { width: 160, height: 160 } },
  no_upscale: { asked: { width: 700, height: 500 } },
  upscale: { asked: { width: 900, height: 900, fitIn: true } },
  fill: { asked: { width: 200, height: 200, fitIn: true } },
  background_color: { source: sample('flower-small-rgba.png'), asked: { width: 120, height: 120 } },
}

const FRAME = await frame()

const job = (name: string): Job => ({
  source: sample('coffee.png'),
  asked: { width: 240, height: 160 },
  format: 'jpeg',
  refs: { 'logo.png': sample('flower-small-rgba.png'), 'frame.png': FRAME },
  ...SHOWS_ON[name],
})

/** Filters whose example leaves a picture as it is, and why. */
const INERT: Readonly<Record<string, string>> = {
  red_eye: 'there are no detected faces',
  extract_focal: 'acts on the URL of the source, see extract-focal.test.ts',
}

const PICTURE_PHASES: readonly Phase[] = ['source', 'geometry', 'pixels']

describe('every filter', () => {
  test.each(FILTERS)('$name is described and its example is a call of it', ({ name, summary, args, example }) => {
    expect(name).toMatch(/^[a-z_]+$/)
    expect(summary).toMatch(/^[A-Z].+\.$/)
    for (const arg of args) expect([arg.doc, arg.expected].every(Boolean), `${arg.name} has words`).toBe(true)
    const { list, ignored } = resolveFilters(splitFilterCalls(example), { onInvalid: 'reject' })
    expect([list.map((call) => call.name), ignored]).toEqual([[name], []])
  })

  test.each(FILTERS.filter(({ phase }) => PICTURE_PHASES.includes(phase)))(
    '$name plans the size it renders and changes the picture, unless it is inert',
    async ({ name, example }) => {
      const [before, plan, after] = await Promise.all([
        make({ ...job(name), format: 'png' }),
        planJob({ ...job(name), filters: example }),
        make({ ...job(name), filters: example, format: 'png' }),
      ])
      expect({ width: after.width, height: after.height }).toEqual(plan.size)
      const { width, height } = await sharp(after.data).metadata()
      expect({ width, height }).toEqual(plan.size)
      const [a, b] = [await pixels(before.data), await pixels(after.data)]
      const changed = a.width !== b.width || a.height !== b.height || a.channels !== b.channels
      expect(changed || meanDifference(a.data, b.data) > 1).toBe(!(name in INERT))
    },
  )

  test.each(FILTERS)('$name makes the same bytes twice', async ({ name, example }) => {
    const [once, twice] = await Promise.all([1, 2].map(() => make({ ...job(name), filters: example })))
    expect(once?.data.equals(twice?.data as Buffer)).toBe(true)
  })
})

describe('what encode and request filters declare', () => {
  const withFilters = (filters: string, more: Partial<Job> = {}) => make({ ...job(''), filters, ...more })

  test('quality changes the number of bytes, and numbers no encoder takes are brought to 1 and 100', async () => {
    const [low, high] = [await withFilters('quality(10)'), await withFilters('quality(95)')]
    expect(low.data.length).toBeLessThan(high.data.length / 3)
    expect((await withFilters('quality(0)')).data.equals((await withFilters('quality(1)')).data)).toBe(true)
    expect((await withFilters('quality(9999)')).data.equals((await withFilters('quality(100)')).data)).toBe(true)
  })

  test('format and max_age are told to the caller', () => {
    const { format, maxAge } = resolveFilters(splitFilterCalls('format(JPG):max_age(5):format(webp)'), {
      onInvalid: 'reject',
    })
    expect([format, maxAge]).toEqual(['webp', 5])
  })

  test('max_bytes lowers the quality by quarters until the file fits', async () => {
    const full = await withFilters('')
    const limit = Math.floor(full.data.length / 2)
    const squeezed = await withFilters(`max_bytes(${limit})`)
    expect(squeezed.data.length).toBeLessThanOrEqual(limit)
    // 80, 60, 45, 33, 24, 18, 13: one of them, and the largest that fits.
    const fits = []
    for (const quality of [60, 45, 33, 24, 18, 13]) {
      const { data } = await withFilters(`quality(${quality}):max_bytes(1000000)`)
      if (data.length <= limit) fits.push(data)
    }
    expect(fits[0]?.equals(squeezed.data)).toBe(true)
  })

  test('max_bytes gives the first encoding when no quality is low enough, and leaves PNG alone', async () => {
    const hopeless = await withFilters('max_bytes(10)')
    expect(hopeless.data.equals((await withFilters('max_bytes(100000000)')).data)).toBe(true)
    const [png, limited] = [
      await withFilters('', { format: 'png' }),
      await withFilters('max_bytes(10)', { format: 'png' }),
    ]
    expect(limited.data.equals(png.data)).toBe(true)
  })

  test('strip_icc drops the profile', async () => {
    const source = sample('rocket.jpg')
    expect((await sharp((await make({ source })).data).metadata()).hasProfile).toBe(true)
    expect((await sharp((await make({ source, filters: 'strip_icc()' })).data).metadata()).hasProfile).toBe(false)
  })

  test('strip_exif drops the block that the configuration keeps', async () => {
    const source = await sharp(sample('coffee.png'))
      .withExif({ IFD0: { Copyright: 'someone' } })
      .jpeg()
      .toBuffer()
    const exif = async (filters: string, preserveExif: boolean) =>
      (await sharp((await make({ source, filters, format: 'jpeg', images: { preserveExif } })).data).metadata()).exif
    expect(String(await exif('', true))).toContain('someone')
    expect(await exif('', false)).toBeUndefined()
    expect(await exif('strip_exif()', true)).toBeUndefined()
  })
})

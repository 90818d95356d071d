import { splitFilterCalls } from '@imgsvc/core/url/filter-calls'
import { describe, expect, test } from 'vitest'
import { make, planJob, sample } from '../../test/images/pictures.ts'
import { resolveFilters } from './resolve.ts'

const many = (count: number) => Array(count).fill('1').join(';')

describe('arguments thumbor answers with 500, a hang or a crash', () => {
  test.each([
    ['convolution(1;2,0,true)', 'convolution: matrix must be an odd number of numbers'],
    ['convolution(1;2;1,0,true)', 'convolution: columns must be an integer of at least 1'],
    ['convolution(1;2;1;2;1,3,true)', 'convolution: 5 weights do not make rows of 3'],
    ['convolution(1;2;1,9007199254740993)', 'convolution: 3 weights do not make rows of'],
    [`convolution(${many(5001)},3,true)`, 'at most 961'],
    [`convolution(${'1'.repeat(8000)};${'1;'.repeat(4000)}x,3,true)`, 'convolution: matrix must be'],
    [`convolution(${'0'.repeat(16_000)}!,3,true)`, 'convolution: matrix must be'],
    ['colorize(10,20,30,fff)', 'colorize: colour must be 6 hex digits'],
    ['round_corner(20,300,0,0)', 'round_corner: red must be an integer from 0 to 255, got "300"'],
    ['round_corner(1e9,0,0,0)', 'round_corner: radius must be a radius, or two as 20|30'],
    ['curve([(0,0)],[],[],[])', 'curve: all must be at least two points'],
    ['curve([(5,0),(5,9)],[(0,0),(1,1)],[(0,0),(1,1)],[(0,0),(1,1)])', 'with rising x'],
    [`curve(${'[(1,1),'.repeat(2000)}`, 'curve:'],
    ['focal(garbage)', 'focal: box must be a box LEFTxTOP:RIGHTxBOTTOM'],
    ['noise(-1)', 'noise: amount must be an integer of at least 0'],
    ['saturation(NaN)', 'saturation: factor must be a number'],
    ['sharpen(1,2)', 'sharpen: luminance is missing'],
  ])('%.60s is ignored, or refused with what would be right', (text, message) => {
    const calls = splitFilterCalls(text)
    expect(resolveFilters(calls, { onInvalid: 'ignore' })).toMatchObject({ list: [], ignored: [text] })
    expect(() => resolveFilters(calls, { onInvalid: 'reject' })).toThrowError(
      expect.objectContaining({ code: 'FILTER_INVALID', status: 400 }),
    )
    expect(() => resolveFilters(calls, { onInvalid: 'reject' })).toThrowError(message)
  })
})

describe('numbers without bounds', () => {
  const nines = '9'.repeat(300)
  test.each([
    `round_corner(${nines},0,0,0,true)`,
    `round_corner(1000000000|1,0,0,0)`,
    `noise(${nines},${nines})`,
    `noise(1,${nines})`,
    `saturation(-${nines})`,
    `rgb(${nines},-${nines},0)`,
    `colorize(${nines},0,${nines},ffffff)`,
    `sharpen(${nines},-${nines},false)`,
    `sharpen(-${nines},2,true)`,
    `convolution(${'9'.repeat(15)};-${'9'.repeat(15)};1,1,true)`,
    `curve([(0,${nines}),(255,${nines})],[(0,0),(1,1)],[(0,0),(1,1)],[(0,0),(1,1)])`,
    `focal(0x0:${nines}x${nines})`,
    `focal(${nines}x${nines}:0x0):focal(${nines}x0:0x${nines})`,
  ])('%.60s makes a picture', async (filters) => {
    const asked = { width: 30, height: 30 }
    const made = await make({ source: sample('coffee.png'), asked, filters })
    expect([made.width, made.height]).toEqual([30, 30])
  })

  test('filters that would need too much work at a size are refused before anything is decoded', async () => {
    const asked = { width: 6000, height: 4000 }
    const job = planJob({ source: sample('coffee.png'), asked, filters: `convolution(${many(961)},31,true)` })
    await expect(job).rejects.toMatchObject({ code: 'OUTPUT_TOO_LARGE' })
  })
})

test('noise without a seed is the same each time, so that one URL has one ETag', async () => {
  const once = () => make({ source: sample('coffee.png'), asked: { width: 50, height: 0 }, filters: 'noise(100)' })
  expect((await once()).data.equals((await once()).data)).toBe(true)
})

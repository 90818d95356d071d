import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { largestDifference, meanDifference, sample } from '../../test/images/pictures.ts'
import { brighten } from './colour-ops.ts'
import { applyRun, fromRaw, runOnRaw, toRaw } from './execute.ts'
import type { Size } from './geometry/box.ts'
import type { RawImage } from './image.ts'
import { crop, cut, luma, resize, type SharpStep, SLOTS, type Step, turn } from './ops.ts'
import { segments } from './segments.ts'

const noRefs = { load: () => Promise.reject(new Error('no references here')) }
const START: Size = { width: 96, height: 64 }

async function start(): Promise<RawImage> {
  return toRaw(sharp(sample('coffee.png')).resize(START.width, START.height, { fit: 'fill' }))
}

/** One of each operation of sharp, for a picture of any size. Each changes the picture. */
const MAKERS: Readonly<Record<keyof typeof SLOTS, (size: Size) => SharpStep>> = {
  crop: ({ width, height }) => crop({ left: 3, top: 5, width: width - 7, height: height - 9 }),
  resize: ({ width, height }) => resize({ width: width - 11, height: height + 6 }),
  turn: (size) => turn({ mirror: true, degrees: 90 }, size),
  cut: ({ width, height }) => cut({ left: 2, top: 1, width: width - 8, height: height - 4 }),
  recomb: (size) => luma(size),
}
const NAMES = Object.keys(MAKERS) as (keyof typeof SLOTS)[]

async function oneByOne(steps: readonly Step[]): Promise<RawImage> {
  let image = await start()
  for (const step of steps) image = await runOnRaw(image, [step], noRefs)
  return image
}

async function segmented(steps: readonly Step[]): Promise<RawImage> {
  let image = await start()
  for (const run of segments(steps)) image = await runOnRaw(image, run, noRefs)
  return image
}

describe('slots are the order sharp really runs operations in', () => {
  const pairs = NAMES.flatMap((low) =>
    NAMES.filter((high) => SLOTS[low] < SLOTS[high]).map((high) => [low, high] as const),
  )
  test.each(pairs)('%s before %s, in one pipeline', async (low, high) => {
    const first = MAKERS[low](START)
    const steps = [first, MAKERS[high](first.size)]
    expect(segments(steps)).toHaveLength(1)
    const [fused, apart] = [await segmented(steps), await oneByOne(steps)]
    expect([fused.width, fused.height]).toEqual([apart.width, apart.height])
    expect(largestDifference(fused.data, apart.data)).toBeLessThanOrEqual(1)
  })

  test('calling them the other way round changes nothing in sharp, which is why segments exist', async () => {
    const [shrink, gray] = [resize({ width: 48, height: 32 }), luma(START)]
    const there = await toRaw(applyRun(fromRaw(await start()), [shrink, gray]))
    const back = await toRaw(applyRun(fromRaw(await start()), [gray, shrink]))
    expect(largestDifference(there.data, back.data)).toBe(0)
  })
})

test('a list of steps is cut where the order would be lost, and raw steps stand alone', () => {
  const ops = (steps: readonly Step[]) => segments(steps).map((run) => run.map(({ op }) => op).join(' '))
  const size = START
  expect(ops([])).toEqual([])
  expect(ops([resize(size), turn({ mirror: false, degrees: 90 }, size), luma(size)])).toEqual(['resize turn recomb'])
  expect(ops([luma(size), resize(size)])).toEqual(['recomb', 'resize'])
  expect(ops([resize(size), resize(size)])).toEqual(['resize', 'resize'])
  expect(ops([resize(size), brighten(size, 5), luma(size)])).toEqual(['resize', 'brightness', 'recomb'])
})

test('any list of steps gives the same picture in segments as one by one', async () => {
  const lists = fc.array(fc.constantFrom(...NAMES, 'brighten' as const), { minLength: 2, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(lists, async (names) => {
      let size = START
      const steps = names.map((name) => {
        const step: Step = name === 'brighten' ? brighten(size, 7) : MAKERS[name](size)
        size = step.size
        return step
      })
      const [fused, apart] = [await segmented(steps), await oneByOne(steps)]
      expect([fused.width, fused.height]).toEqual([size.width, size.height])
      expect(meanDifference(fused.data, apart.data)).toBeLessThan(0.5)
    }),
    { numRuns: 30 },
  )
})

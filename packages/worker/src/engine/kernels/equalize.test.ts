import { expect, test } from 'vitest'
import { equalized } from './equalize.ts'

const picture = (channels: 3 | 4, pixels: readonly (readonly number[])[]) => ({
  data: Uint8Array.from(pixels.flat()),
  width: pixels.length,
  height: 1,
  channels,
})

test('a level goes to its rank among those above the lowest level of any channel', async () => {
  const pixels = [
    [10, 10, 50, 7],
    [10, 20, 50, 8],
    [20, 20, 60, 9],
    [40, 30, 70, 10],
    [80, 30, 70, 11],
  ]
  // Red: 2 of 5 at the lowest level, so (3 − 2) / 3, (4 − 2) / 3, 3 / 3 of 255. Green: 1 of 5. Blue has none there.
  expect([...(await equalized(picture(4, pixels))).data]).toEqual([
    ...[0, 0, 102, 7],
    ...[0, 127, 102, 8],
    ...[85, 127, 153, 9],
    ...[170, 255, 255, 10],
    ...[255, 255, 255, 11],
  ])
})

test('a picture of one level stays, where thumbor divides by zero', async () => {
  const flat = picture(3, Array(6).fill([90, 90, 90]))
  expect([...(await equalized(flat)).data]).toEqual([...flat.data])
})

test('what is spread already stays spread', async () => {
  const all = picture(
    3,
    Array.from({ length: 256 }, (_, level) => [level, level, level]),
  )
  expect([...(await equalized(all)).data]).toEqual([...all.data])
})

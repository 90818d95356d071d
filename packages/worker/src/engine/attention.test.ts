import sharp from 'sharp'
import { expect, test } from 'vitest'
import { attentionPoint } from './attention.ts'
import { toRaw } from './execute.ts'

/** A gray picture with a bright red spot around (x, y). */
function spot(width: number, height: number, x: number, y: number) {
  const red = { create: { width: 20, height: 20, channels: 3, background: '#f02010' } } as const
  const gray = { create: { width, height, channels: 3, background: '#777' } } as const
  return toRaw(sharp(gray).composite([{ input: red, left: x - 10, top: y - 10 }]))
}

test.each([
  [400, 200, 320, 150],
  [200, 400, 50, 60],
  [300, 300, 220, 80],
])('in %i × %i the spot at %i, %i is found', async (width, height, x, y) => {
  const point = await attentionPoint(await spot(width, height, x, y))
  expect(Math.abs((point?.x ?? -99) - x)).toBeLessThan(25)
  expect(Math.abs((point?.y ?? -99) - y)).toBeLessThan(25)
})

test.each([
  [2, 1],
  [1, 2],
  [1, 500],
  [500, 1],
  [3, 3],
])('%i × %i is looked at without an error', async (width, height) => {
  const point = await attentionPoint({ data: new Uint8Array(width * height * 3), width, height, channels: 3 })
  if (!point) return
  expect(point.x).toBeLessThanOrEqual(width)
  expect(point.y).toBeLessThanOrEqual(height)
})

test('a single pixel has no point', async () => {
  expect(await attentionPoint({ data: new Uint8Array(3), width: 1, height: 1, channels: 3 })).toBeUndefined()
})

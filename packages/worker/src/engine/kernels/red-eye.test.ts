import { expect, test } from 'vitest'
import { correctRedEyes } from './red-eye.ts'

const SIDE = 30
const SKIN = [200, 150, 130]
const RED = [220, 30, 40]
const GLINT = [250, 250, 250]

/** A picture of skin with discs on it, `[x, y, radius, colour]`. */
function picture(...discs: readonly (readonly [number, number, number, readonly number[]])[]) {
  const data = new Uint8Array(SIDE * SIDE * 3)
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const disc = discs.findLast(([cx, cy, radius]) => Math.hypot(x - cx, y - cy) <= radius)
      data.set(disc ? disc[3] : SKIN, (y * SIDE + x) * 3)
    }
  }
  return { data, width: SIDE, height: SIDE, channels: 3 } as const
}

const at = ({ data }: { data: Uint8Array }, x: number, y: number) => [...data.subarray((y * SIDE + x) * 3).slice(0, 3)]
const EVERYWHERE = [{ left: 0, top: 0, width: SIDE, height: SIDE }]

test('a red pupil becomes the mean of its green and blue, its glint included', () => {
  const image = picture([15, 15, 5, RED], [15, 15, 1, GLINT])
  correctRedEyes(image, EVERYWHERE)
  expect(at(image, 15, 11)).toEqual([35, 35, 35])
  expect(at(image, 15, 15)).toEqual([250, 250, 250])
  expect(at(image, 15, 5)).toEqual(SKIN)
  expect(at(image, 2, 2)).toEqual(SKIN)
})

test('only the largest red region of a box is corrected', () => {
  const image = picture([15, 15, 5, RED], [26, 26, 2, RED])
  correctRedEyes(image, EVERYWHERE)
  expect(at(image, 15, 15)).toEqual([35, 35, 35])
  expect(at(image, 26, 26)).toEqual(RED)
})

test('nothing happens outside of the boxes, without red and without colour', () => {
  const red = picture([15, 15, 5, RED])
  const before = Uint8Array.from(red.data)
  correctRedEyes(red, [{ left: 0, top: 0, width: 8, height: 8 }])
  correctRedEyes(red, [])
  expect(red.data).toEqual(before)
  const skin = picture()
  const gray = { data: new Uint8Array(SIDE * SIDE * 2).fill(9), width: SIDE, height: SIDE, channels: 2 } as const
  correctRedEyes(skin, EVERYWHERE)
  correctRedEyes(gray, EVERYWHERE)
  expect(at(skin, 15, 15)).toEqual(SKIN)
  expect(gray.data.every((value) => value === 9)).toBe(true)
})

test('a box that is red all over is corrected all over', () => {
  const image = picture([15, 15, 40, RED])
  correctRedEyes(image, [{ left: 3, top: 4, width: 1, height: 1 }])
  expect(at(image, 3, 4)).toEqual([35, 35, 35])
  expect(at(image, 4, 4)).toEqual(RED)
})

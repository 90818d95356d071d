import { expect, test } from 'vitest'
import { followBoxes } from './follow.ts'
import { MIRROR } from './orientation.ts'

const SIZE = { width: 400, height: 200 }
const BOX = { left: 100, top: 50, width: 40, height: 20 }

test('a box stays where it is without operations', () => {
  expect(followBoxes([BOX], SIZE, [])).toEqual([BOX])
})

test('a box follows crop, resize and turn', () => {
  const box = { left: 80, top: 40, width: 200, height: 100 }
  expect(followBoxes([BOX], SIZE, [{ kind: 'crop', box }])).toEqual([{ left: 20, top: 10, width: 40, height: 20 }])
  expect(
    followBoxes([BOX], SIZE, [
      { kind: 'crop', box },
      { kind: 'resize', size: { width: 100, height: 50 } },
      { kind: 'turn', turn: MIRROR },
    ]),
  ).toEqual([{ left: 70, top: 5, width: 20, height: 10 }])
})

test('what a crop cuts off is left out, and what it cuts through is cut', () => {
  const crop = (left: number) => [{ kind: 'crop', box: { left, top: 0, width: 100, height: 100 } }] as const
  expect(followBoxes([BOX], SIZE, crop(140))).toEqual([])
  expect(followBoxes([BOX], SIZE, crop(120))).toEqual([{ left: 0, top: 50, width: 20, height: 20 }])
})

test('boxes never leave the scaled picture', () => {
  const [box] = followBoxes([{ left: 399, top: 199, width: 1, height: 1 }], SIZE, [
    { kind: 'resize', size: { width: 3, height: 3 } },
  ])
  expect(box).toEqual({ left: 2, top: 2, width: 1, height: 1 })
})

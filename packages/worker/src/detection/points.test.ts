import { describe, expect, test } from 'vitest'
import { barePoint, boxOf, boxPoint, facePoint, focalPoint, scaled, usable } from './points.ts'

test('a face is moved up for the hair by 12 % of its height', () => {
  expect(facePoint({ left: 10, top: 50, width: 100, height: 100 })).toEqual({
    x: 60,
    y: 88,
    z: 10_000,
    width: 100,
    height: 100,
    origin: 'Face Detection',
  })
})

test('unless that would leave the picture', () => {
  expect(facePoint({ left: 10, top: 11, width: 100, height: 100 })).toMatchObject({ x: 60, y: 61 })
  expect(facePoint({ left: 10, top: 12, width: 100, height: 100 })).toMatchObject({ x: 60, y: 50 })
})

test('the middle of a box is rounded down and weighs its area', () => {
  expect(boxPoint({ left: 1, top: 2, width: 5, height: 7 }, 'detection')).toMatchObject({ x: 3, y: 5, z: 35 })
})

test('a box is found again from its point', () => {
  const box = { left: 11, top: 22, width: 5, height: 8 }
  expect(boxOf(boxPoint(box, 'x'))).toEqual(box)
})

test('what was found in a smaller picture is carried over to the whole one', () => {
  const found = { left: 10, top: 20, width: 30, height: 40 }
  expect(scaled(found, { width: 100, height: 200 }, { width: 250, height: 600 })).toEqual({
    left: 25,
    top: 60,
    width: 75,
    height: 120,
  })
})

describe('stored points', () => {
  const point = (x: number, y: number, z = 1, origin = 'alignment') => ({ x, y, z, width: 1, height: 1, origin })
  const size = { width: 100, height: 50 }

  test('are taken when they lie in the picture', () => {
    const points = [point(0, 0), point(100, 50)]
    expect(usable(points, size)).toEqual(points)
    expect(usable([], size)).toEqual([])
  })

  test.each([
    ['beside the picture', point(101, 0)],
    ['above it', point(0, -1)],
    ['without weight', point(1, 1, 0)],
    ['of whoever asked with focal()', point(1, 1, 9, 'Explicit')],
  ])('%s are left out, and without others there are none', (_, bad) => {
    expect(usable([bad, point(1, 2)], size)).toEqual([point(1, 2)])
    expect(usable([bad], size)).toBeUndefined()
  })
})

test('the geometry gets whole numbers and the origin', () => {
  expect(focalPoint(barePoint({ left: 1.7, top: 2.2 }, 'Attention'))).toEqual({
    x: 1,
    y: 2,
    weight: 1,
    box: { width: 1, height: 1 },
    origin: 'Attention',
  })
})

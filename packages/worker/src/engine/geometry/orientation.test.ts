import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compose, EXIF_TURNS, inverse, turnBox, turnSize, UPRIGHT } from './orientation.ts'

const turns = fc.constantFrom(...EXIF_TURNS)
const size = { width: 70, height: 40 }
const boxes = fc.record({
  left: fc.nat(60),
  top: fc.nat(30),
  width: fc.integer({ min: 1, max: 10 }),
  height: fc.integer({ min: 1, max: 10 }),
})

test('the eight orientations are eight different turns', () => {
  expect(new Set(EXIF_TURNS.map((turn) => JSON.stringify(turn))).size).toBe(8)
})

test('a turn and its inverse leave everything where it was', () => {
  fc.assert(
    fc.property(turns, boxes, (turn, box) => {
      expect(compose(turn, inverse(turn))).toEqual(UPRIGHT)
      expect(turnSize(inverse(turn), turnSize(turn, size))).toEqual(size)
      expect(turnBox(inverse(turn), turnBox(turn, box, size), turnSize(turn, size))).toEqual(box)
    }),
  )
})

test('one turn after another is their composition', () => {
  fc.assert(
    fc.property(turns, turns, boxes, (first, second, box) => {
      const both = compose(first, second)
      const step = turnBox(second, turnBox(first, box, size), turnSize(first, size))
      expect(turnBox(both, box, size)).toEqual(step)
      expect(turnSize(both, size)).toEqual(turnSize(second, turnSize(first, size)))
    }),
  )
})

import { expect, test } from 'vitest'
import { parseColour } from './colour.ts'

test.each([
  ['red', [255, 0, 0, 255]],
  ['RebeccaPurple', [102, 51, 153, 255]],
  ['darkSlateGrey', [47, 79, 79, 255]],
  ['0f8', [0, 255, 136, 255]],
  ['0f8c', [0, 255, 136, 204]],
  ['00FF88', [0, 255, 136, 255]],
  ['00ff8880', [0, 255, 136, 128]],
])('%s', (text, rgba) => {
  expect(parseColour(text)).toEqual(rgba)
})

test.each(['', 'nocolour', '12', '12345', '1234567', '#fff', 'ggg', 'constructor', '__proto__'])(
  '%j is no colour',
  (text) => {
    expect(parseColour(text)).toBeUndefined()
  },
)

import { expect, test } from 'vitest'
import { grayPixels } from './gray.ts'

test('colours weigh as in Pillow', () => {
  const data = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255)
  expect([...grayPixels({ data, width: 4, height: 1, channels: 3 })]).toEqual([76, 150, 29, 255])
})

test('alpha is dropped and gray stays', () => {
  expect([...grayPixels({ data: Uint8Array.of(255, 0, 0, 7), width: 1, height: 1, channels: 4 })]).toEqual([76])
  expect([...grayPixels({ data: Uint8Array.of(5, 9), width: 1, height: 1, channels: 2 })]).toEqual([5])
})

import { expect, test } from 'vitest'
import { uploadIdOf } from './upload-id.ts'

const HEX = '0123456789abcdef0123456789abcdef'

test.each([
  [HEX, HEX],
  [`${HEX}/cat.jpg`, HEX],
  [`${HEX}.jpg`, HEX],
  [`${HEX}0000`, HEX],
  ['abc-1_2', 'abc-1_2'],
  ['abc/cat.jpg', undefined],
  ['cat.jpg', undefined],
  ['blacklist.txt', undefined],
  ['http%3A//example.com/a.jpg', undefined],
  ['../x', undefined],
  ['', undefined],
])('%s has the id %s', (text, expected) => {
  expect(uploadIdOf(text, 32)).toBe(expected)
})

test('with longer ids those made here are still found behind a name', () => {
  expect(uploadIdOf(`${HEX}/cat.jpg`, 36)).toBe(HEX)
  expect(uploadIdOf(`${HEX}.jpg`, 36)).toBeUndefined()
})

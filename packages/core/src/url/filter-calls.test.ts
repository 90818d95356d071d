import fc from 'fast-check'
import { expect, test } from 'vitest'
import { splitFilterCalls } from './filter-calls.ts'

test('calls are split at every "):" and keep their text', () => {
  expect(splitFilterCalls('blur(4):quality(80)')).toEqual([
    { name: 'blur', text: 'blur(4)' },
    { name: 'quality', text: 'quality(80)' },
  ])
  expect(splitFilterCalls('watermark(http://a.b/c(1):d.png,1,2,3)').map(({ text }) => text)).toEqual([
    'watermark(http://a.b/c(1)',
    'd.png,1,2,3)',
  ])
})

test('a name is everything before the first parenthesis, case, spaces and colons included', () => {
  const names = splitFilterCalls(' Blur(4)::contrast(20):noise (1):x(y(z))').map(({ name }) => name)
  expect(names).toEqual([' Blur', ':contrast', 'noise ', 'x'])
  expect(splitFilterCalls('quality')).toEqual([{ name: 'quality', text: 'quality' }])
  expect(splitFilterCalls('')).toEqual([{ name: '', text: '' }])
})

test('no character is lost: the texts joined by colons are the text', () => {
  const anything = fc.string({ unit: fc.constantFrom(')', ':', '(', 'a', ',', '/') })
  const rejoined = (text: string) =>
    splitFilterCalls(text)
      .map((call) => call.text)
      .join(':')
  fc.assert(
    fc.property(anything, (text) => {
      expect(rejoined(text)).toBe(text)
    }),
  )
})

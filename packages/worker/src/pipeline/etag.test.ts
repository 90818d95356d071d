import { expect, test } from 'vitest'
import { etagOf } from './etag.ts'

test('the same inputs give the same strong tag', () => {
  expect(etagOf(['1', 'key', Buffer.from('bytes')])).toBe(etagOf(['1', 'key', Buffer.from('bytes')]))
  expect(etagOf(['1'])).toMatch(/^"[0-9a-f]{40}"$/)
})

test('every input counts, and so does where one ends', () => {
  expect(etagOf(['ab', 'c'])).not.toBe(etagOf(['a', 'bc']))
  expect(etagOf(['a', Buffer.from('x')])).not.toBe(etagOf(['a', Buffer.from('y')]))
})

import { expect, test } from 'vitest'
import { isConditional, isNotModified } from './conditional.ts'

const validators = { etag: '"abc"', lastModified: Date.parse('2026-01-02T03:04:05.678Z') }

test.each([
  ['"abc"', true],
  ['W/"abc"', true],
  ['"x", "abc"', true],
  ['*', true],
  ['"x"', false],
  ['abc', false],
  ['', false],
  ['"abc', false],
])('If-None-Match %s → %s', (header, fresh) => {
  expect(isNotModified({ 'if-none-match': header }, validators)).toBe(fresh)
})

test.each([
  ['Fri, 02 Jan 2026 03:04:05 GMT', true],
  ['Fri, 02 Jan 2026 03:04:04 GMT', false],
  ['Sat, 03 Jan 2026 00:00:00 GMT', true],
  ['yesterday', false],
])('If-Modified-Since %s → %s', (header, fresh) => {
  expect(isNotModified({ 'if-modified-since': header }, validators)).toBe(fresh)
})

test('If-None-Match decides alone when both are sent', () => {
  const headers = { 'if-none-match': '"x"', 'if-modified-since': 'Sat, 03 Jan 2026 00:00:00 GMT' }
  expect(isNotModified(headers, validators)).toBe(false)
})

test('a plain request carries no condition', () => {
  expect(isConditional({})).toBe(false)
  expect(isNotModified({}, validators)).toBe(false)
})

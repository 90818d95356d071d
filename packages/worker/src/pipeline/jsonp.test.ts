import { expect, test } from 'vitest'
import { callbackOf, headFor, resultFor } from './jsonp.ts'
import type { StoredResult } from './types.ts'

const result: StoredResult = {
  data: Buffer.from('{"a":1}'),
  contentType: 'application/json',
  etag: '"abc"',
  lastModified: 0,
  maxAge: 1,
  vary: false,
  ignored: [],
}

test('the configured function goes before the one of the query', () => {
  expect(callbackOf('/unsafe/meta/a.jpg', '')).toBeUndefined()
  expect(callbackOf('/unsafe/meta/a.jpg?x=1&callback=app.show', '')).toBe('app.show')
  expect(callbackOf('/unsafe/meta/a.jpg?callback=other', 'configured')).toBe('configured')
})

test.each(['alert(1)//', '', 'a%0Ab', '%E2%80%A8', 'a;b', `x${'y'.repeat(128)}`])(
  'callback=%s is no name: URL_MALFORMED',
  (name) => {
    expect(() => callbackOf(`/unsafe/meta/a.jpg?callback=${name}`, '')).toThrow(
      expect.objectContaining({ code: 'URL_MALFORMED', status: 400 }),
    )
  },
)

test('a document in a function is JavaScript with a tag of its own', () => {
  const wrapped = resultFor(result, 'cb')
  expect(wrapped.data.toString()).toBe('cb({"a":1});')
  expect(wrapped.contentType).toBe('text/javascript')
  expect(wrapped.etag).toBe(headFor(result, 'cb').etag)
  expect(new Set([result.etag, wrapped.etag, headFor(result, 'other').etag]).size).toBe(3)
})

test('without a function nothing changes', () => {
  expect(resultFor(result, undefined)).toBe(result)
  expect(headFor(result, undefined)).toBe(result)
})

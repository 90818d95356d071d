import { expect, test } from 'vitest'
import { requestTarget } from './request-target.ts'

test.each([
  ['/a//b/../c?x=1', '/a//b/../c?x=1', undefined],
  ['http://h:1/a//b', '/a//b', 'h:1'],
  ['HTTPS://u:p@h/unsafe/http://x/y', '/unsafe/http://x/y', 'h'],
  ['http://h', '/', 'h'],
  ['http://h?q', '/?q', 'h'],
  ['http:///x', '/x', undefined],
])('%s', (target, path, host) => {
  expect(requestTarget(target)).toEqual({ path, host })
})

test.each(['*', 'example.org:443', 'ftp://h/x', ''])('%s is refused', (target) => {
  expect(() => requestTarget(target)).toThrow(expect.objectContaining({ code: 'REQUEST_MALFORMED' }))
})

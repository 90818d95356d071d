import { expect, test } from 'vitest'
import { requestTarget } from './request-target.ts'

test.each([
  ['/unsafe/a.jpg', '/unsafe/a.jpg'],
  ['unsafe/a.jpg', '/unsafe/a.jpg'],
  ['http://127.0.0.1:8080/unsafe/a.jpg?v=1#top', '/unsafe/a.jpg?v=1'],
  ['HTTPS://img.example.com', '/'],
  ['http://h?v=1', '/?v=1'],
  ['/unsafe/http://img.example.com/a.jpg', '/unsafe/http://img.example.com/a.jpg'],
  ['/unsafe/my photo é.jpg', '/unsafe/my%20photo%20%C3%A9.jpg'],
  ['/unsafe/a%20b.jpg', '/unsafe/a%20b.jpg'],
  ['', '/'],
])('%s asks for %s', (url, target) => {
  expect(requestTarget(url)).toBe(target)
})

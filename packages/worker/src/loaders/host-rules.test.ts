import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createHostRules } from './host-rules.ts'

test.each([
  ['good.com', 'good.com', true],
  ['good.com', 'GOOD.com', true],
  ['Good.COM', 'good.com', true],
  ['good.com', 'good.com.', true],
  ['good.com', 'good.com.evil.com', false],
  ['good.com', 'goodXcom', false],
  ['good.com', 'evilgood.com', false],
  ['good.com', 'sub.good.com', false],
  ['good.com', '', false],
  ['*.good.com', 'sub.good.com', true],
  ['*.good.com', 'a.b.good.com', true],
  ['*.good.com', 'SUB.Good.com.', true],
  ['*.good.com', 'good.com', false],
  ['*.good.com', '.good.com', false],
  ['*.good.com', 'evilgood.com', false],
  ['*.good.com', 'sub.good.com.evil.com', false],
  ['例え.jp', 'xn--r8jz45g.jp', true],
  ['127.0.0.1', '127.0.0.1', true],
  ['[::1]', '[::1]', true],
])('%s lets %s through: %s', (allow, hostname, allowed) => {
  expect(createHostRules([allow])(hostname)).toBe(allowed)
})

test('an empty list lets everyone through, several entries are alternatives', () => {
  expect(createHostRules([])('anything.example')).toBe(true)
  const rules = createHostRules(['a.com', '*.b.com'])
  expect(['a.com', 'x.b.com', 'c.com'].map(rules)).toEqual([true, true, false])
})

test.each([
  'http://a.com',
  'a.com:8080',
  '*.com*',
  '*',
  'a.*.com',
  '.+\\.a\\.com',
  'a|b.com',
  'a.com/img',
  '',
  'a b.com',
])('%j is no host: CONFIG_INVALID', (entry) => {
  expect(() => createHostRules([entry])).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
})

interface Vector {
  readonly loader: string
  readonly allowed_sources: readonly (string | object)[]
  readonly url: string
  readonly allowed?: boolean
}
const { allowed_sources: vectors } = JSON.parse(
  readFileSync(new URL('../../test/vectors/thumbor/http-loader.json', import.meta.url), 'utf8'),
) as { allowed_sources: readonly Vector[] }
// Patterns are not taken over; plain names behave as in thumbor.
const plain = vectors.filter(
  ({ loader, allowed_sources }) =>
    loader === 'http_loader' &&
    allowed_sources.every((entry) => typeof entry === 'string' && /^[\w.-]+$/.test(entry)) &&
    allowed_sources.length > 0,
)
test.each(plain)('thumbor: $allowed_sources and $url', ({ allowed_sources, url, allowed }) => {
  expect(createHostRules(allowed_sources as string[])(new URL(url).hostname)).toBe(allowed)
})

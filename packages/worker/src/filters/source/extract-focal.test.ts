import { splitFilterCalls } from '@imgsvc/core/url/filter-calls'
import { quote } from '@imgsvc/core/url/percent'
import { expect, test } from 'vitest'
import { request } from '../../../test/images/pictures.ts'
import { unnested } from './extract-focal.ts'

const asked = (source: string, filters = 'extract_focal()') =>
  request({ source: quote(source), filters: splitFilterCalls(filters) })

const after = (source: string, filters?: string) => {
  const { source: found, filters: calls } = unnested(asked(source, filters))
  return [found, calls.map(({ text }) => text).join(':')]
}

test.each([
  ['localhost:8888/unsafe/100x150:300x200/https://example.com/a.jpg', 'https://example.com/a.jpg', '100x150:300x200'],
  ['http://t.example/K3x=/1x2:3x4/300x200/smart/filters:blur(4)/cats/1 2.jpg', 'cats/1 2.jpg', '1x2:3x4'],
  ['t/unsafe/trim/0x0:9x9/fit-in/-5x0/left/top/a.jpg', 'a.jpg', '0x0:9x9'],
])('%s is the picture behind it with a focal box', (url, source, box) => {
  expect(after(url)).toEqual([quote(source), `focal(${box})`])
  expect(after(url, 'blur(2):extract_focal():quality(5)')[1]).toBe(`blur(2):focal(${box}):quality(5)`)
})

test.each([
  ['a.jpg', 'extract_focal()'],
  ['localhost/unsafe/300x200/a.jpg', 'extract_focal()'],
  ['localhost/unsafe/100x150:300x200/', 'extract_focal()'],
  ['localhost/unsafe/100x150:300x200/a.jpg', 'extract_focal(1)'],
  ['localhost/unsafe/100x150:300x200/a.jpg', 'focal(1x2:3x4)'],
])('%s with %s stays', (source, filters) => {
  expect(unnested(asked(source, filters))).toEqual(asked(source, filters))
})

test('hostile sources take linear time: a quadratic search would outlast the test', () => {
  for (const source of ['1'.repeat(60_000), '/1x1:1'.repeat(10_000), `${'/1x1:1x1'.repeat(8000)}`]) {
    unnested(asked(source))
  }
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { imageRequests } from '../../test/image-requests.ts'
import { canonical } from './canonical.ts'
import { parseUrl } from './dialects.ts'
import type { ImageRequest } from './request.ts'

const key = (path: string) => canonical(parseUrl(path).request)

describe('the same picture has one key', () => {
  const pairs: readonly (readonly [string, string])[] = [
    ['/unsafe/a.jpg', '/B35oBEIwztbc3jm7vsdqLez2C78=/a.jpg'],
    ['/unsafe/a.jpg', '/unsafe/center/middle/a.jpg?v=2'],
    ['/unsafe/a.jpg', '/unsafe/0x0/a.jpg'],
    ['/unsafe/300x/a.jpg', '/unsafe/0300x0/a.jpg'],
    ['/unsafe/a.jpg', '/unsafe/0x0:0x0/a.jpg'],
    ['/unsafe/trim/a.jpg', '/unsafe/trim:top-left:0/a.jpg'],
    ['/unsafe/trim:50/a.jpg', '/unsafe/trim:bottom-right/a.jpg'],
    ['/unsafe/a%20b.jpg', '/unsafe/%61%20b.jpg'],
    ['/unsafe/filters:fill(r%65d)/a.jpg', '/unsafe/filters:fill(red)/a.jpg'],
  ]
  for (const [one, other] of pairs) test(`${one} and ${other}`, () => expect(key(one)).toBe(key(other)))
})

describe('another picture has another key', () => {
  const paths = [
    ...['a.jpg', 'b.jpg', 'A.jpg', '/a.jpg', 'debug/a.jpg', 'meta/a.jpg', 'smart/a.jpg', 'left/a.jpg', 'top/a.jpg'],
    ...['trim/a.jpg', 'trim:bottom-right/a.jpg', 'trim:top-left:1/a.jpg', '1x0:0x0/a.jpg', '0x1:0x0/a.jpg'],
    ...['0x0:1x0/a.jpg', '0x0:0x1/a.jpg', 'fit-in/a.jpg', 'adaptive-fit-in/a.jpg', 'full-fit-in/a.jpg'],
    ...['adaptive-full-fit-in/a.jpg', '1x/a.jpg', 'x1/a.jpg', '1x1/a.jpg', 'origx/a.jpg', '-x/a.jpg', 'x-/a.jpg'],
    ...['-x-/a.jpg', 'filters:a():b()/a.jpg', 'filters:b():a()/a.jpg', 'filters:a()/a.jpg', 'filters:a(")/a.jpg'],
    ...['filters:a( )/a.jpg', 'filters:a()b():b()/a.jpg'],
  ]
  test(`${paths.length} different paths`, () => {
    expect(new Set(paths.map((path) => key(`/unsafe/${path}`))).size).toBe(paths.length)
  })
})

test('two requests share a key exactly when nothing but spelling sets them apart', () => {
  // Few values, so that equal pairs are common too.
  const near = fc.tuple(imageRequests, imageRequests, fc.subarray(FIELDS)).map(([one, other, taken]) => {
    const mixed: ImageRequest = { ...one, ...Object.fromEntries(taken.map((field) => [field, other[field]])) }
    return [one, mixed] as const
  })
  fc.assert(
    fc.property(near, ([one, other]) => {
      expect(canonical(one) === canonical(other)).toBe(samePicture(one, other))
    }),
    { numRuns: 2000 },
  )
})

const FIELDS: (keyof ImageRequest)[] = [
  ...(['debug', 'meta', 'trim', 'crop', 'fitIn', 'adaptive', 'full', 'width', 'height'] as const),
  ...(['flipH', 'flipV', 'halign', 'valign', 'smart', 'filters', 'source'] as const),
]

function samePicture(one: ImageRequest, other: ImageRequest): boolean {
  return FIELDS.every((field) => fc.stringify(levelled(one)[field]) === fc.stringify(levelled(other)[field]))
}

/** The request with every spelling that cannot matter made equal, written independently of the key. */
function levelled(request: ImageRequest): ImageRequest {
  const { trim, crop, fitIn } = request
  const pos = trim?.pos === 'top-left' ? 'top-left' : 'bottom-right'
  const cuts = crop && crop.left + crop.top + crop.right + crop.bottom > 0
  return {
    ...request,
    trim: trim && { raw: '', pos, tolerance: trim.tolerance },
    crop: cuts ? crop : undefined,
    adaptive: fitIn && request.adaptive,
    full: fitIn && request.full,
  }
}

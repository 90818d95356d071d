import { thumborDialect } from '@imgsvc/core/url/thumbor'
import { expect, test } from 'vitest'
import { type UrlFlags, urlRequest } from './url-request.ts'

test.each<[UrlFlags, string]>([
  [{ source: 'a.jpg' }, 'a.jpg'],
  [{ source: 'a.jpg', width: '300', height: '200', smart: true }, '300x200/smart/a.jpg'],
  [{ source: 'a.jpg', width: '-300', height: 'orig' }, '-300xorig/a.jpg'],
  [{ source: 'a.jpg', width: '-300', flipH: true, flipV: true }, '300x-0/a.jpg'],
  [{ source: 'a.jpg', width: '30', height: '20', full: true }, 'full-fit-in/30x20/a.jpg'],
  [{ source: 'a.jpg', crop: '1x2:30x40', trim: '' }, 'trim/1x2:30x40/a.jpg'],
  [{ source: 'a.jpg', trim: 'bottom-right:12' }, 'trim:bottom-right:12/a.jpg'],
  [{ source: 'a.jpg', halign: 'left', valign: 'top', width: '3', height: '4' }, '3x4/left/top/a.jpg'],
  [{ source: 'a.jpg', trim: '12' }, 'trim:top-left:12/a.jpg'],
  [{ source: 'a.jpg', trim: 'bottom-right' }, 'trim:bottom-right/a.jpg'],
  [{ source: 'a.jpg', size: '300x200' }, '300x200/a.jpg'],
  [{ source: 'a.jpg', size: '300x' }, '300x0/a.jpg'],
  [{ source: 'a.jpg', size: '-300xorig', flipV: true }, '-300x-orig/a.jpg'],
  [{ source: 'a.jpg', size: '-x-' }, '-0x-0/a.jpg'],
  [{ source: 'a.jpg', size: 'origx200' }, 'origx200/a.jpg'],
  [{ source: 'a.jpg', width: '30', fitIn: true }, 'fit-in/30x0/a.jpg'],
  [{ source: 'a.jpg', adaptive: true, full: true, width: '30' }, 'adaptive-full-fit-in/30x0/a.jpg'],
  [{ source: 'a.jpg', meta: true, debug: true }, 'debug/meta/a.jpg'],
  [{ source: 'a.jpg', halign: 'right', valign: 'bottom' }, 'right/bottom/a.jpg'],
  [{ source: 'a.jpg', halign: 'center', valign: 'middle' }, 'a.jpg'],
  [{ source: 'http://img.example.com/a b.jpg?v=1' }, 'http%3A//img.example.com/a%20b.jpg%3Fv%3D1'],
  [{ source: '300x200/a.jpg' }, '%3300x200/a.jpg'],
  [{ source: 'a.jpg', filters: ['blur(4):rgb(1,2,3)', 'quality(8)'] }, 'filters:blur(4):rgb(1,2,3):quality(8)/a.jpg'],
])('%j', (flags, path) => {
  const request = urlRequest(flags)
  expect(thumborDialect.format(request)).toBe(path)
  expect(thumborDialect.parse(`/unsafe/${path}`).request).toEqual(request)
})

test('the source may be written plainly or as in a URL', () => {
  expect(urlRequest({ source: 'my photo.jpg' }).source).toBe('my%20photo.jpg')
  expect(urlRequest({ source: 'my%20photo.jpg' }).source).toBe('my%20photo.jpg')
})

test.each<[Partial<UrlFlags>, string]>([
  [{ width: '3.5' }, '--width: expected px such as 300, -300 (mirrored) or orig, got "3.5"'],
  [{ size: '300' }, '--size: expected WIDTHxHEIGHT such as 300x200, 300x or -300xorig, got "300"'],
  [{ size: '3x2', width: '3' }, '--size: expected without --width and --height'],
  [{ source: '' }, 'source: expected the path or address of a picture, got ""'],
  [{ source: '%ff.jpg' }, 'its percent escapes are not UTF-8'],
  [{ crop: '1x2' }, '--crop: expected LEFTxTOP:RIGHTxBOTTOM in px such as 10x20:300x400, got "1x2"'],
  [{ trim: 'left' }, '--trim: expected top-left or bottom-right, with :TOLERANCE if wanted, got "left"'],
  [{ filters: ['blur'] }, '--filters: expected calls such as blur(4):quality(80), got "blur"'],
])('%j is refused', (flags, message) => {
  expect(() => urlRequest({ source: 'a.jpg', ...flags })).toThrow(message)
})

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
  [{ source: 'a.jpg', filters: ['blur(4):rgb(1,2,3)', 'quality(8)'] }, 'filters:blur(4):rgb(1,2,3):quality(8)/a.jpg'],
])('%j', (flags, path) => {
  expect(thumborDialect.format(urlRequest(flags))).toBe(path)
})

test('the source may be written plainly or as in a URL', () => {
  expect(urlRequest({ source: 'my photo.jpg' }).source).toBe('my%20photo.jpg')
  expect(urlRequest({ source: 'my%20photo.jpg' }).source).toBe('my%20photo.jpg')
})

test.each<[Partial<UrlFlags>, string]>([
  [{ width: '3.5' }, '--width: expected px such as 300, -300 (mirrored) or orig, got "3.5"'],
  [{ crop: '1x2' }, '--crop: expected LEFTxTOP:RIGHTxBOTTOM in px such as 10x20:300x400, got "1x2"'],
  [{ trim: 'left' }, '--trim: expected top-left or bottom-right, with :TOLERANCE if wanted, got "left"'],
  [{ filters: ['blur'] }, '--filters: expected calls such as blur(4):quality(80), got "blur"'],
])('%j is refused', (flags, message) => {
  expect(() => urlRequest({ source: 'a.jpg', ...flags })).toThrow(message)
})

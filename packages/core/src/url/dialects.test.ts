import { expect, test } from 'vitest'
import { ImgsvcError } from '../errors.ts'
import { DIALECTS, parseUrl } from './dialects.ts'

test('a path is read by the first dialect that recognises it', () => {
  expect(DIALECTS.map(({ name }) => name)).toEqual(['thumbor'])
  expect(parseUrl('/unsafe/300x200/a.jpg')).toMatchObject({
    authority: { kind: 'unsafe' },
    request: { width: 300, height: 200, source: 'a.jpg' },
  })
})

test('a path no dialect recognises is URL_NOT_FOUND', () => {
  expect(() => parseUrl('')).toThrow(new ImgsvcError('URL_NOT_FOUND', 'expected /SIGNATURE/OPTIONS/SOURCE'))
})

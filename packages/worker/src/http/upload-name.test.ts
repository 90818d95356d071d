import { expect, test } from 'vitest'
import { slugOf, uploadName } from './upload-name.ts'

const name = (given: string | undefined, contentType?: string) =>
  uploadName({ given, contentType, format: 'png', fallback: 'image' })

test.each([
  ['cat.jpg', 'cat.jpg'],
  ['été 1.jpg', '%C3%A9t%C3%A9%201.jpg'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\pictures\\cat.jpg', 'cat.jpg'],
  ['a\r\nSet-Cookie: x.jpg', 'aSet-Cookie%3A%20x.jpg'],
  ['a\0b\u202e.jpg', 'ab.jpg'],
  ['a?b#c.jpg', 'a%3Fb%23c.jpg'],
  ['\ud800.jpg', '.jpg'],
  ['..', 'image.png'],
  ['../', 'image.png'],
  ['', 'image.png'],
])('%j is called %s', (given, expected) => {
  expect(name(given)).toBe(expected)
})

test('long names are cut between characters', () => {
  expect(name('n'.repeat(10_000))).toBe('n'.repeat(100))
  expect(decodeURIComponent(name('🙂'.repeat(500)))).toBe('🙂'.repeat(100))
})

test('without a name the extension follows from the type, else from the picture', () => {
  expect(name(undefined, 'image/jpeg; charset=x')).toBe('image.jpg')
  expect(name(undefined, 'image/nonsense')).toBe('image.png')
})

test('a Slug is percent-encoded or bare UTF-8', () => {
  expect(slugOf('%C3%A9.jpg')).toBe('é.jpg')
  expect(slugOf(Buffer.from('é.jpg').toString('latin1'))).toBe('é.jpg')
  expect(slugOf(undefined)).toBeUndefined()
})

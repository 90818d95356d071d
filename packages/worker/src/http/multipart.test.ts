import { expect, test } from 'vitest'
import { formFile } from './multipart.ts'

const TYPE = 'multipart/form-data; boundary=XB'
const part = (headers: string, content: string) => `--XB\r\n${headers}\r\n\r\n${content}\r\n`
const file = (content: string, name = 'a.jpg') =>
  part(`Content-Disposition: form-data; name="media"; filename="${name}"`, content)
const read = (body: string, type = TYPE) => {
  const found = formFile(Buffer.from(body), type, 'media')
  return found && [found.bytes.toString(), found.filename]
}

test.each([
  ['as browsers send it', `${file('XX')}--XB--\r\n`],
  ['without the last line break', `${file('XX')}--XB--`],
  ['behind a preamble, before an epilogue', `hello\r\n${file('XX')}--XB--\r\nbye`],
  ['behind other fields', `${part('Content-Disposition: form-data; name="token"', 'media')}${file('XX')}--XB--`],
  ['with other headers', `${part('content-disposition:form-data;name=media;filename=a.jpg\r\nX: y', 'XX')}--XB--`],
  ['before a second one', `${file('XX')}${file('YY')}--XB--`],
])('the file is found %s', (_, body) => {
  expect(read(body)).toEqual(['XX', 'a.jpg'])
})

test.each([['Multipart/Form-Data; charset=utf-8; boundary="XB"'], ['multipart/form-data; boundary=XB; charset=utf-8']])(
  'the boundary is read from %s',
  (type) => {
    expect(read(`${file('XX')}--XB--`, type)).toEqual(['XX', 'a.jpg'])
  },
)

test('what looks like a boundary is part of the picture', () => {
  expect(read(`${file('X\r\n--X\r\n-\r\n')}--XB--`)?.[0]).toBe('X\r\n--X\r\n-\r\n')
})

test('names may be UTF-8, encoded, empty or absent', () => {
  const named = (disposition: string) =>
    read(`${part(`Content-Disposition: form-data; name="media"; ${disposition}`, 'XX')}--XB--`)
  expect(named('filename="é.jpg"')?.[1]).toBe('é.jpg')
  expect(named(`filename="x.jpg"; filename*=UTF-8''%c3%a9.jpg`)?.[1]).toBe('é.jpg')
  expect(named(`filename="x.jpg"; filename*=UTF-8''%ff`)?.[1]).toBe('x.jpg')
  expect(named('filename="%22a%22.jpg"')?.[1]).toBe('"a".jpg')
  expect(named('filename=""')).toEqual(['XX', undefined])
})

test.each([
  ['cut off in the picture', file('XX').slice(0, -1), TYPE],
  ['cut off in the headers', file('XX').slice(0, 40), TYPE],
  ['empty', '', TYPE],
  ['without the field', `${part('Content-Disposition: form-data; name="other"; filename="a"', 'XX')}--XB--`, TYPE],
  ['with a text in the field', `${part('Content-Disposition: form-data; name="media"', 'XX')}--XB--`, TYPE],
  ['of another boundary', `${file('XX')}--XB--`, 'multipart/form-data; boundary=YB'],
  ['without a boundary', `${file('XX')}--XB--`, 'multipart/form-data'],
  ['with an empty boundary', `${file('XX')}--XB--`, 'multipart/form-data; boundary='],
  ['with too long a boundary', `${file('XX')}--XB--`, `multipart/form-data; boundary=${'X'.repeat(71)}`],
  ['of another type', `${file('XX')}--XB--`, 'multipart/mixed; boundary=XB'],
  ['with endless headers', `${part(`Content-Disposition: x\r\n${'X: y\r\n'.repeat(2000)}`, '')}--XB--`, TYPE],
  ['behind a hundred parts', `${part('X: y', '').repeat(100)}${file('XX')}--XB--`, TYPE],
])('there is no file in a form %s', (_, body, type) => {
  expect(read(body, type)).toBeUndefined()
})

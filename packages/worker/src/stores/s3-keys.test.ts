import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { s3Place } from './s3-keys.ts'

interface Vectors {
  readonly s3_loader: readonly {
    readonly image_url: string
    readonly TC_AWS_LOADER_BUCKET: string | null
    readonly TC_AWS_LOADER_ROOT_PATH: string
    readonly bucket: string
    readonly s3_key: string
  }[]
}
const { s3_loader: vectors } = JSON.parse(
  readFileSync(new URL('../../test/vectors/thumbor/storage-paths.json', import.meta.url), 'utf8'),
) as Vectors

test.each(vectors)('tc_aws: $image_url in $bucket below "$TC_AWS_LOADER_ROOT_PATH"', (vector) => {
  const fixed = { bucket: vector.TC_AWS_LOADER_BUCKET ?? '', root: vector.TC_AWS_LOADER_ROOT_PATH }
  expect(s3Place(vector.image_url, fixed)).toEqual({ bucket: vector.bucket, key: vector.s3_key })
})

test.each([
  ['/a.jpg', '', 'a.jpg'],
  ['//a//b.jpg', '', 'a/b.jpg'],
  ['a.jpg', '/st/', 'st/a.jpg'],
  ['http://a.b/c.jpg', '/st/', 'st/http:/a.b/c.jpg'],
  ['a..b/...jpg', '', 'a..b/...jpg'],
])('%j below root %j is the key %j', (path, root, key) => {
  expect(s3Place(path, { bucket: 'photos', root })).toEqual({ bucket: 'photos', key })
})

test('leading slashes come before the bucket, too', () => {
  expect(s3Place('//my-bucket//x.jpg', { bucket: '', root: '' })).toEqual({ bucket: 'my-bucket', key: 'x.jpg' })
})

test.each([
  '',
  '/',
  'bucket',
  'bucket/',
  'bucket//',
  'x/a.jpg',
  'UPPER/a.jpg',
  'arn:aws:s3:eu-west-1:1:accesspoint/ap/a.jpg',
  'evil.com#/a.jpg',
  'bucket@host/a.jpg',
  '../a.jpg',
  'bucket/../other/a.jpg',
  'bucket/./a.jpg',
  'bucket/a\0.jpg',
  `bucket/${'x'.repeat(1025)}`,
  `bucket/${'ü'.repeat(513)}`,
])('%j is no object', (path) => {
  expect(s3Place(path, { bucket: '', root: '' })).toBeUndefined()
})

test('dot segments do not lead out of the root', () => {
  expect(s3Place('../secret.jpg', { bucket: 'photos', root: 'public' })).toBeUndefined()
})

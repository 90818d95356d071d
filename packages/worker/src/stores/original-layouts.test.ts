import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fileLayout, tcAwsLayout, thumborAwsLayout } from './original-layouts.ts'
import { s3Place } from './s3-keys.ts'
import { tcAwsKey, tcAwsSidecar } from './tc-aws-keys.ts'

interface Vectors {
  readonly file_storage: readonly {
    readonly key: string
    readonly path: string
    readonly crypto: string
    readonly detectors: string
  }[]
  readonly s3_keys: readonly {
    readonly plugin: string
    readonly path: string
    readonly root_path?: string
    readonly auto_webp: boolean
    readonly randomize?: boolean
    readonly root_image_name?: string
    readonly normalized?: string
    readonly s3_key: string
  }[]
}
const vectors = JSON.parse(
  readFileSync(new URL('../../test/vectors/thumbor/storage-paths.json', import.meta.url), 'utf8'),
) as Vectors

test.each(vectors.file_storage)('$key and what belongs to it lie where thumbor puts them', (vector) => {
  const layout = fileLayout('/data/thumbor/storage/')
  expect(layout.originals(vector.key)).toEqual([vector.path])
  expect(layout.key(vector.key)).toBe(vector.crypto)
  expect(layout.detectors(vector.key)).toBe(vector.detectors)
})

const tcAws = vectors.s3_keys.filter(({ plugin }) => plugin === 'tc_aws')

test.each(tcAws)('tc_aws: "$path" below "$root_path" has the key $s3_key', (vector) => {
  const { path, root_path: root = '', root_image_name: rootImageName = '', randomize = false } = vector
  const key = tcAwsKey(path, undefined, { root, rootImageName, randomize })
  expect(s3Place(key, { bucket: 'bucket', root: '' })?.key).toBe(vector.s3_key)
  // The store collapses slashes; before that the key is the plug-in's own, but for those of the root.
  expect(key.replace(/^st\/+/, 'st/')).toBe(vector.normalized)
})

test('tc_aws: every vector is checked', () => {
  expect(tcAws.length).toBe(5)
  expect(vectors.s3_keys.length).toBe(7)
})

test.each(vectors.s3_keys.filter(({ plugin }) => plugin.endsWith(' storage') && !plugin.includes('result')))(
  'thumbor_aws: $path has the key $s3_key',
  ({ path, s3_key }) => {
    expect(thumborAwsLayout('').originals(path)).toEqual([s3_key])
    expect(thumborAwsLayout('else/').originals(path)).toEqual([s3_key.replace('thumbor/storage/', 'else/')])
  },
)

const plain = { root: '', randomize: false, rootImageName: '', autoWebp: false }

test('tc_aws: randomised keys begin with SHA-1 over the segments joined by dots', () => {
  const options = { ...plain, root: 'root', randomize: true }
  // printf root.a/b.jpg | sha1sum
  expect(tcAwsKey('/a/b.jpg', undefined, options)).toBe('0f27981aec1ef21f59e14f3ec9c3a0d83f86e4ab/root/a/b.jpg')
  // printf a/b.jpg.webp | sha1sum
  expect(tcAwsKey('a/b.jpg', 'webp', { ...options, root: '' })).toBe(
    '5ef5eb64c59b711eebe3d2566c1ac8983ecd1b2d/a/b.jpg/webp',
  )
})

test('tc_aws: with autoWebp the copy for such clients is read when there is no other', () => {
  expect(tcAwsLayout({ ...plain, autoWebp: true }).originals('/a.jpg')).toEqual(['a.jpg', 'a.jpg/webp'])
  expect(tcAwsLayout(plain).originals('/a.jpg')).toEqual(['a.jpg'])
})

test.each([
  ['a/b.jpg', 'a/b.txt'],
  ['a.b/c', 'a.b/c.txt'],
  ['a/.hidden', 'a/.hidden.txt'],
  ['a/..b.jpg', 'a/..b.txt'],
  ['a.b.c.png', 'a.b.c'.concat('.txt')],
  ['a/b.', 'a/b.txt'],
  ['', '.txt'],
])('tc_aws: the key of %j is kept in %j', (key, sidecar) => {
  expect(tcAwsSidecar(key, '.txt')).toBe(sidecar)
})

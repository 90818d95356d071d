import { readFileSync } from 'node:fs'
import { unquoteLossy } from '@imgsvc/core/url/percent'
import { expect, test } from 'vitest'
import { originalPath, resultPath } from './keys.ts'

interface Vectors {
  readonly file_storage: readonly { readonly key: string; readonly path: string }[]
  readonly result_storage: readonly { readonly request_url: string; readonly path: string }[]
}

const vectors = JSON.parse(
  readFileSync(new URL('../../test/vectors/thumbor/storage-paths.json', import.meta.url), 'utf8'),
) as Vectors

test.each(vectors.file_storage)('the original of $key lies where thumbor puts it', ({ key, path }) => {
  expect(`/data/thumbor/storage/${originalPath(key)}`).toBe(path)
})

test.each(vectors.result_storage)('the result of $request_url is hashed as thumbor does: $path', (vector) => {
  const root = '/data/thumbor/result_storage/'
  const namespace = vector.path.slice(root.length).split('/')[0] ?? ''
  expect(root + resultPath(namespace, unquoteLossy(vector.request_url))).toBe(vector.path)
})

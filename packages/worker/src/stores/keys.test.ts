import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { originalPath } from './keys.ts'

interface Vectors {
  readonly file_storage: readonly { readonly key: string; readonly path: string }[]
}

const vectors = JSON.parse(
  readFileSync(new URL('../../test/vectors/thumbor/storage-paths.json', import.meta.url), 'utf8'),
) as Vectors

test.each(vectors.file_storage)('the original of $key lies where thumbor puts it', ({ key, path }) => {
  expect(`/data/thumbor/storage/${originalPath(key)}`).toBe(path)
})

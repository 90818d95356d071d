import { ImgsvcError } from '@imgsvc/core/errors'
import { expect, test } from 'vitest'
import { createSourceChain } from './choose.ts'
import type { Loader } from './loader.ts'
import { isWebUrl } from './web-url.ts'

const io = { signal: new AbortController().signal }

function loader(name: string, answer: string | ImgsvcError, more: Partial<Loader> = {}): Loader {
  return {
    name,
    accepts: () => true,
    load: async () => {
      if (answer instanceof ImgsvcError) throw answer
      return { bytes: Buffer.from(answer), modifiedAt: undefined }
    },
    ...more,
  }
}
const declining: Partial<Loader> = { accepts: (source) => !isWebUrl(source) }
const notFound = (detail: string) => new ImgsvcError('SOURCE_NOT_FOUND', detail)

test('the first loader that has it answers', async () => {
  const chain = createSourceChain([loader('a', notFound('a')), loader('b', 'from b'), loader('c', 'from c')])
  expect((await chain.load('x', io)).bytes.toString()).toBe('from b')
})

test('a loader that declines is passed over', async () => {
  const chain = createSourceChain([loader('file', 'file', declining), loader('http', 'http')])
  expect((await chain.load('http%3A//x/y', io)).bytes.toString()).toBe('http')
  expect((await chain.load('x/y', io)).bytes.toString()).toBe('file')
})

test('when nobody has it the last answer counts, and a later loader that declines does not change it', async () => {
  const web: Partial<Loader> = { accepts: isWebUrl }
  const chain = createSourceChain([loader('a', notFound('a')), loader('b', notFound('b')), loader('c', 'c', web)])
  await expect(chain.load('x', io)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND', detail: 'b' })
})

test('any other failure ends the search', async () => {
  const chain = createSourceChain([loader('a', new ImgsvcError('SOURCE_TIMEOUT')), loader('b', 'from b')])
  await expect(chain.load('x', io)).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT' })
})

test('what nobody takes is refused for a web URL and not found otherwise', async () => {
  const chain = createSourceChain([loader('file', 'x', declining)])
  await expect(chain.load('https://x/y', io)).rejects.toMatchObject({
    code: 'SOURCE_REFUSED',
    detail: expect.stringContaining('no http source is configured'),
  })
  await expect(createSourceChain([]).load('x', io)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
})

test('only originals from far away are worth storing', async () => {
  const chain = createSourceChain([loader('file', 'x', { ...declining, local: true }), loader('http', 'y')])
  expect((await chain.load('x', io)).storable).toBe(false)
  expect((await chain.load('http://x/y', io)).storable).toBe(true)
  const files = createSourceChain([loader('file', 'x', { ...declining, local: true })])
  expect(files.isStorable('x')).toBe(false)
  expect(chain.isStorable('x')).toBe(true)
})

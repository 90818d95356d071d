import { readFileSync } from 'node:fs'
import { configSchema } from '@imgsvc/core/config/schema'
import { expect, test } from 'vitest'
import { createLimiter } from './limiter.ts'
import { createPictures } from './picture.ts'
import { createStages } from './stages.ts'

const original = {
  bytes: readFileSync(new URL('../../../supervisor/samples/rocket.jpg', import.meta.url)),
  modifiedAt: 0,
  from: 'source',
} as const

test('who asks while the finished picture is still being written gets that picture', async () => {
  let written = () => {}
  const pictures = createPictures({
    settings: () => configSchema.parse({}),
    authorisation: () => ({ keys: [], allowUnsafe: true }),
    fetcher: { fetch: () => Promise.resolve(original), close: () => Promise.resolve() },
    results: {
      get: () => Promise.resolve(undefined),
      put: () => new Promise<void>((resolve) => (written = resolve)),
      close: () => Promise.resolve(),
    },
    limiter: createLimiter(1, 10),
    engineVersion: 'test',
    onResultCache: () => {},
  })
  const ask = async () => {
    const answer = await pictures.answer({
      rawUrl: '/unsafe/20x20/rocket.jpg',
      accept: undefined,
      isFresh: undefined,
      signal: new AbortController().signal,
      stages: createStages(() => {}),
    })
    return answer.cache
  }
  expect([await ask(), await ask(), await ask()]).toEqual(['MISS', 'HIT', 'HIT'])
  written()
  // This storage forgot it: made again.
  await new Promise(setImmediate)
  expect(await ask()).toBe('MISS')
})

import { expect, test } from 'vitest'
import { createShutdown } from './shutdown.ts'

test('steps run once and in order, whoever asks and how often', async () => {
  const seen: string[] = []
  const shutdown = createShutdown([
    async (timeoutMs) => void seen.push(`first ${timeoutMs}`),
    () => void seen.push('second'),
  ])
  const [one, two] = await Promise.all([
    shutdown.begin({ kind: 'signal', signal: 'SIGTERM' }, 5),
    shutdown.begin({ kind: 'shutdown' }, 9),
  ])
  expect(one).toEqual({ kind: 'signal', signal: 'SIGTERM' })
  expect(two).toBe(one)
  expect(seen).toEqual(['first 5', 'second'])
  expect(shutdown.signal.aborted).toBe(true)
})

test('a step that fails is reported and does not keep the next from running', async () => {
  let released = false
  const shutdown = createShutdown([
    () => Promise.reject(new Error('no')),
    () => {
      released = true
    },
  ])
  expect(await shutdown.begin({ kind: 'shutdown' })).toMatchObject({ kind: 'failed', error: { code: 'INTERNAL' } })
  expect(released).toBe(true)
})

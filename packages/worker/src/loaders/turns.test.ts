import { expect, test } from 'vitest'
import { createTurns } from './turns.ts'

const { signal } = new AbortController()

/** Work that ends when it is told to. */
function work() {
  let end: () => void = () => undefined
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  return { run: () => ended, end }
}

test('no more run than may; the others follow in their order, also after a failure', async () => {
  const turns = createTurns(2)
  const begun: string[] = []
  const parts = { a: work(), b: work(), c: work(), d: work() }
  const all = Object.entries(parts).map(([name, { run }]) =>
    turns.take(signal, async () => {
      begun.push(name)
      await run()
      if (name === 'a') throw new Error('a failed')
      return name
    }),
  )
  expect(begun).toEqual(['a', 'b'])
  parts.a.end()
  await expect(all[0]).rejects.toThrow('a failed')
  expect(begun).toEqual(['a', 'b', 'c'])
  for (const { end } of Object.values(parts)) end()
  expect(await Promise.all(all.slice(1))).toEqual(['b', 'c', 'd'])
  expect(begun).toEqual(['a', 'b', 'c', 'd'])
})

test('whoever leaves the queue is passed over, and its place is free for the next', async () => {
  const turns = createTurns(1)
  const first = work()
  const holding = turns.take(signal, first.run)
  const leaving = new AbortController()
  const left = turns.take(leaving.signal, async () => 'never')
  const last = turns.take(signal, async () => 'last')
  leaving.abort(new Error('left'))
  await expect(left).rejects.toThrow('left')
  await expect(turns.take(leaving.signal, async () => 'never')).rejects.toThrow('left')
  first.end()
  await holding
  expect(await last).toBe('last')
  expect(await turns.take(signal, async () => 'free')).toBe('free')
})

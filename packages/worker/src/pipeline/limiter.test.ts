import { expect, test } from 'vitest'
import { createLimiter } from './limiter.ts'

const never = new AbortController().signal

test('no more than the slots run at once, and everyone gets a turn in order', async () => {
  const limiter = createLimiter(2, 100)
  const order: number[] = []
  let most = 0
  await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      limiter.run(never, async () => {
        order.push(i)
        most = Math.max(most, limiter.running)
        await new Promise(setImmediate)
      }),
    ),
  )
  expect(most).toBe(2)
  expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i))
  expect([limiter.running, limiter.waiting]).toEqual([0, 0])
})

test('beyond the queue the answer is BUSY at once', async () => {
  const limiter = createLimiter(1, 1)
  let finish = () => {}
  const running = limiter.run(never, () => new Promise<void>((resolve) => (finish = resolve)))
  const waiting = limiter.run(never, () => Promise.resolve('second'))
  await expect(limiter.run(never, () => Promise.resolve('third'))).rejects.toMatchObject({ code: 'BUSY' })
  finish()
  await running
  expect(await waiting).toBe('second')
})

test('a waiter that leaves frees its place in the queue and never runs', async () => {
  const limiter = createLimiter(1, 1)
  let finish = () => {}
  const running = limiter.run(never, () => new Promise<void>((resolve) => (finish = resolve)))
  const leaving = new AbortController()
  let ran = false
  const left = limiter.run(leaving.signal, async () => {
    ran = true
  })
  leaving.abort(new Error('gone'))
  await expect(left).rejects.toThrow('gone')
  expect(limiter.waiting).toBe(0)
  const next = limiter.run(never, () => Promise.resolve('next'))
  finish()
  await running
  expect(await next).toBe('next')
  expect(ran).toBe(false)
})

test('a failing run frees its slot', async () => {
  const limiter = createLimiter(1, 0)
  await expect(limiter.run(never, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await limiter.run(never, () => Promise.resolve('yes'))).toBe('yes')
})

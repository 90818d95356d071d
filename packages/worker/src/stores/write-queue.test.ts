import { expect, test } from 'vitest'
import { createWriteQueue } from './write-queue.ts'

function gate() {
  let open: () => void = () => undefined
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, passed }
}

test('no more than `concurrency` writes run at once, and all accepted ones run in order', async () => {
  const queue = createWriteQueue({ concurrency: 2, maxPending: 10, maxPendingBytes: 1_000 })
  const started: number[] = []
  let running = 0
  let most = 0
  const write = (i: number) => async () => {
    started.push(i)
    most = Math.max(most, ++running)
    await new Promise(setImmediate)
    running--
  }
  const all = await Promise.all([0, 1, 2, 3, 4, 5].map((i) => queue.run(1, write(i))))
  expect(all).toEqual([true, true, true, true, true, true])
  expect(started).toEqual([0, 1, 2, 3, 4, 5])
  expect(most).toBe(2)
})

test('what passes the bound of bytes is dropped, and there is room again afterwards', async () => {
  const queue = createWriteQueue({ concurrency: 1, maxPending: 10, maxPendingBytes: 100 })
  const { open, passed } = gate()
  const first = queue.run(60, () => passed)
  expect(await queue.run(41, () => Promise.resolve())).toBe(false)
  open()
  expect(await first).toBe(true)
  expect(await queue.run(100, () => Promise.resolve())).toBe(true)
})

test('a failing write rejects and frees its place', async () => {
  const queue = createWriteQueue({ concurrency: 1, maxPending: 1, maxPendingBytes: 100 })
  await expect(queue.run(1, () => Promise.reject(new Error('disk')))).rejects.toThrow('disk')
  expect(await queue.run(1, () => Promise.resolve())).toBe(true)
  await queue.idle()
})

import { expect, test } from 'vitest'
import { createSingleFlight } from './single-flight.ts'

const never = new AbortController().signal

function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

test('callers of one key at once share one run', async () => {
  const flights = createSingleFlight<number>()
  const { opened, open } = gate()
  let runs = 0
  const ask = () =>
    flights.run('a', never, async () => {
      runs++
      await opened
      return 7
    })
  const all = [ask(), ask(), ask()]
  open()
  const results = await Promise.all(all)
  expect(runs).toBe(1)
  expect(results.map((result) => result.value)).toEqual([7, 7, 7])
  expect(results.map((result) => result.joined)).toEqual([false, true, true])
  expect(flights.size).toBe(0)
})

test('a later caller starts anew, also after a failure', async () => {
  const flights = createSingleFlight<string>()
  await expect(flights.run('a', never, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect((await flights.run('a', never, () => Promise.resolve('yes'))).value).toBe('yes')
})

test('one caller leaving does not disturb the others', async () => {
  const flights = createSingleFlight<string>()
  const { opened, open } = gate()
  const leaving = new AbortController()
  let aborted = false
  const work = async (signal: AbortSignal) => {
    signal.addEventListener('abort', () => {
      aborted = true
    })
    await opened
    return 'done'
  }
  const first = flights.run('a', leaving.signal, work)
  const second = flights.run('a', never, work)
  leaving.abort(new Error('gone'))
  await expect(first).rejects.toThrow('gone')
  open()
  expect((await second).value).toBe('done')
  expect(aborted).toBe(false)
})

test('the work is given up when everybody has left, and nobody joins it then', async () => {
  const flights = createSingleFlight<string>()
  const leaving = new AbortController()
  const given = gate()
  const abandoned = flights.run('a', leaving.signal, (signal) => {
    signal.addEventListener('abort', given.open)
    return new Promise(() => {})
  })
  leaving.abort(new Error('gone'))
  await expect(abandoned).rejects.toThrow('gone')
  await given.opened
  expect((await flights.run('a', never, () => Promise.resolve('fresh'))).joined).toBe(false)
})

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { LogLine } from '@imgsvc/core/control'
import { expect, test } from 'vitest'
import { interleave } from './merge.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

async function* lines(id: string, count: number): AsyncGenerator<LogLine> {
  for (let n = 0; n < count; n++) yield { id, line: String(n) }
}

/** Says one thing once it is told to, and ends. */
async function* silent(end: Promise<void>): AsyncGenerator<LogLine> {
  await end
  yield { id: 'silent', line: 'last' }
}

async function* broken(): AsyncGenerator<LogLine> {
  yield { id: 'broken', line: 'first' }
  throw new Error('the disk is gone')
}

test('hands out every line, each log in its own order', async () => {
  const found: LogLine[] = []
  for await (const line of interleave([lines('a', 3), lines('b', 2)], () => {})) found.push(line)
  for (const [id, count] of [
    ['a', 3],
    ['b', 2],
  ] as const) {
    expect(found.filter((one) => one.id === id).map(({ line }) => line)).toEqual(['0', '1', '2'].slice(0, count))
  }
})

test('a log that cannot be read ends the others and fails the reader', async () => {
  let stop = () => {}
  const end = new Promise<void>((resolve) => {
    stop = resolve
  })
  const read = async () => {
    for await (const line of interleave([silent(end), broken()], stop)) expect(line.line).toBe('first')
  }
  await expect(read()).rejects.toThrow('the disk is gone')
})

test('following a busy log beside a silent one keeps nothing per line', async () => {
  let stop = () => {}
  const end = new Promise<void>((resolve) => {
    stop = resolve
  })
  const all = interleave([silent(end), lines('a', 200_000)], stop)
  await all.next()
  collect()
  const before = process.memoryUsage().heapUsed
  for (let n = 1; n < 200_000; n++) await all.next()
  collect()
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(5 * 1024 ** 2)
  stop()
  await all.return(undefined)
})

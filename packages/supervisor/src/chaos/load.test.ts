import { createHash } from 'node:crypto'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { loadFigures } from './figures.ts'
import { startLoad } from './load.ts'

const BODY = Buffer.alloc(20_000, 'picture')
const EXPECTED = { bytes: BODY.length, sha1: createHash('sha1').update(BODY).digest('hex') }

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function serve(answer: RequestListener): Promise<string> {
  server = createServer(answer)
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

interface Run {
  readonly rate?: number
  readonly count?: number
  readonly timeoutMs?: number
}

async function shootAt(base: string, { rate = 300, count = 300, timeoutMs = 5000 }: Run = {}) {
  let sent = 0
  const next = () => ({ path: `/${sent++}`, expected: EXPECTED })
  const load = startLoad({ base, rate, next, timeoutMs, count })
  await load.ended
  return load
}

const whole: RequestListener = (_, response) => void response.setHeader('content-length', BODY.length).end(BODY)
const everything = { from: 0, to: Infinity }

describe('a server that is broken on purpose is reported exactly', () => {
  test('3 of 300 dropped, one body cut short, one byte wrong', async () => {
    const wrong = Buffer.from(BODY)
    wrong[BODY.length - 1] = 0
    const base = await serve((request, response) => {
      const number = Number(request.url?.slice(1))
      if ([50, 150, 250].includes(number)) request.socket.destroy()
      else if (number === 100) {
        response.setHeader('content-length', BODY.length).write(BODY.subarray(0, 7000))
        setImmediate(() => request.socket.destroySoon())
      } else if (number === 200) response.setHeader('content-length', BODY.length).end(wrong)
      else whole(request, response)
    })
    const { shots } = await shootAt(base)
    expect(shots).toHaveLength(300)
    const lost = shots.filter(({ loss }) => loss !== undefined).sort((a, b) => a.id - b.id)
    expect(lost.map(({ id, path, loss }) => [id, path, loss?.reason])).toEqual([
      [50, '/50', 'reset'],
      [100, '/100', 'truncated'],
      [150, '/150', 'reset'],
      [200, '/200', 'wrong bytes'],
      [250, '/250', 'reset'],
    ])
    expect(lost[1]?.loss?.detail).toBe('broke off after 7000 of 20000 bytes')
    expect(loadFigures(shots, everything, everything)).toMatchObject({ sent: 300, lost: 5, wrong: 1 })
  })

  test('other statuses, short bodies that pretend to be whole, and silence', async () => {
    const base = await serve((request, response) => {
      const number = Number(request.url?.slice(1))
      if (number === 3) response.writeHead(502).end()
      else if (number === 5) response.end(BODY.subarray(1))
      else if (number !== 7) whole(request, response)
    })
    const { shots } = await shootAt(base, { rate: 100, count: 10, timeoutMs: 300 })
    const lost = shots.flatMap(({ id, loss }) => (loss ? [[id, loss.reason, loss.detail]] : []))
    expect(lost.sort()).toEqual([
      [3, 'status', 'status 502'],
      [5, 'wrong bytes', '19999 bytes instead of 20000'],
      [7, 'timeout', 'no whole answer within 300 ms'],
    ])
  })

  test('nobody who listens', async () => {
    const base = await serve(whole)
    await new Promise((resolve) => server?.close(resolve))
    const { shots } = await shootAt(base, { rate: 1000, count: 20 })
    expect(shots.map(({ loss }) => loss?.reason)).toEqual(Array.from({ length: 20 }, () => 'refused'))
  })
})

test('a good server loses nothing', async () => {
  const { shots } = await shootAt(await serve(whole))
  expect(shots).toHaveLength(300)
  expect(shots.flatMap(({ loss }) => loss ?? [])).toEqual([])
})

test('requests are sent when they are due, answered or not, and latency counts from then', async () => {
  const waiting: (() => void)[] = []
  const base = await serve((request, response) => {
    waiting.push(() => whole(request, response))
    // None is answered before all have come: a closed loop would never get here.
    if (waiting.length === 50) for (const answer of waiting) answer()
  })
  const { shots } = await shootAt(base, { rate: 500, count: 50 })
  expect(shots.flatMap(({ loss }) => loss ?? [])).toEqual([])
  const first = shots.find(({ id }) => id === 0)
  const last = shots.find(({ id }) => id === 49)
  expect((first?.doneAt ?? 0) - (first?.dueAt ?? 0)).toBeGreaterThan(90)
  expect((last?.dueAt ?? 0) - (first?.dueAt ?? 0)).toBeCloseTo(98, 5)
})

test('what would be under way beyond the bound is not sent and counts as lost', async () => {
  let arrived = 0
  const base = await serve(() => {
    arrived += 1
  })
  const next = () => ({ path: '/', expected: EXPECTED })
  const load = startLoad({ base, rate: 1000, next, count: 60, timeoutMs: 500, maxUnderWay: 20 })
  await load.ended
  expect(arrived).toBe(20)
  expect(load.shots.map(({ loss }) => loss?.detail).sort()).toEqual([
    ...Array.from({ length: 40 }, () => 'more than 20 requests without an answer'),
    ...Array.from({ length: 20 }, () => 'no whole answer within 500 ms'),
  ])
})

test('stop ends it before its count, with every request accounted for', async () => {
  const base = await serve(whole)
  const load = startLoad({ base, rate: 200, next: () => ({ path: '/', expected: EXPECTED }) })
  await new Promise<void>((resolve) => {
    const look = setInterval(() => {
      if (load.shots.length < 10) return
      clearInterval(look)
      resolve()
    }, 5)
  })
  await load.stop()
  const { length } = load.shots
  expect(load.shots.map(({ id }) => id).sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, id) => id))
})

import { systemClock } from '@imgsvc/core/clock'
import type { EventFacts, ServiceEvent } from '@imgsvc/core/events'
import { expect, test } from 'vitest'
import { createEventBus } from './bus.ts'

const ready: EventFacts = { type: 'supervisor', to: 'ready', pid: 1 }
const rotation: EventFacts = { type: 'rotation', ok: true, file: 'a.log' }
const never = new AbortController().signal

const state = (to: 'RUNNING' | 'FATAL'): EventFacts => ({
  ...{ type: 'state', process: 'worker:0', from: 'STARTING', to },
  ...{ pid: 7, generation: 1, reason: null, exit: null },
})

async function all(stream: AsyncIterable<ServiceEvent>): Promise<ServiceEvent[]> {
  const out: ServiceEvent[] = []
  for await (const event of stream) out.push(event)
  return out
}

test('events are numbered in their order, dated, and the newest are kept', async () => {
  const bus = createEventBus({ clock: systemClock, history: 2 })
  for (const facts of [ready, rotation, state('FATAL')]) bus.publish(facts)
  const kept = await all(bus.stream({}, never))
  expect(kept.map(({ seq, type }) => [seq, type])).toEqual([
    [2, 'rotation'],
    [3, 'state'],
  ])
  expect(Math.abs(Date.now() - (kept[0] as ServiceEvent).at)).toBeLessThan(60_000)
  expect(await all(bus.stream({ lines: 1 }, never))).toHaveLength(1)
  expect(await all(bus.stream({ lines: 0 }, never))).toEqual([])
})

test('a filter names kinds, or states that processes come to', async () => {
  const bus = createEventBus({ clock: systemClock })
  for (const facts of [ready, rotation, state('RUNNING'), state('FATAL')]) bus.publish(facts)
  const seqs = async (...types: string[]) => (await all(bus.stream({ types }, never))).map(({ seq }) => seq)
  expect(await seqs('state')).toEqual([3, 4])
  expect(await seqs('state:FATAL', 'rotation')).toEqual([2, 4])
  expect(await seqs('crash')).toEqual([])
})

test('a follower gets what was and what comes, until it leaves', async () => {
  const bus = createEventBus({ clock: systemClock })
  const leave = new AbortController()
  bus.publish(ready)
  const stream = bus.stream({ follow: true }, leave.signal)[Symbol.asyncIterator]()
  // Published before anything is read: nothing may fall between the two.
  bus.publish(rotation)
  expect((await stream.next()).value).toMatchObject({ seq: 1 })
  expect((await stream.next()).value).toMatchObject({ seq: 2 })
  const next = stream.next()
  bus.publish(state('FATAL'))
  expect((await next).value).toMatchObject({ seq: 3, to: 'FATAL' })
  const last = stream.next()
  leave.abort()
  expect(await last).toMatchObject({ done: true })
})

test('a reader that does not read has a bounded number waiting, and is told what it missed', async () => {
  const bus = createEventBus({ clock: systemClock, backlog: 3 })
  const leave = new AbortController()
  const stream = bus.stream({ follow: true, lines: 0 }, leave.signal)[Symbol.asyncIterator]()
  for (let n = 0; n < 10; n++) bus.publish(rotation)
  expect((await stream.next()).value).toMatchObject({ type: 'dropped', count: 7, seq: 7 })
  expect((await stream.next()).value).toMatchObject({ type: 'rotation', seq: 8 })
  leave.abort()
})

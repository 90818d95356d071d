import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { UpstreamEntry, UpstreamList } from '@imgsvc/core/child-control'
import { type Clock, systemClock } from '@imgsvc/core/clock'
import { createLog, type LogHandle } from '@imgsvc/core/log'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createAnnouncer, type Listener } from './announcer.ts'

let dir: string
let path: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ann-'))
  path = join(dir, 'upstreams.json')
})
const handles: LogHandle[] = []
afterEach(async () => {
  await Promise.all(handles.splice(0).map((handle) => handle.close()))
  rmSync(dir, { recursive: true })
})

const entry = (state: UpstreamEntry['state']): UpstreamEntry => ({
  id: 'worker:0',
  host: '127.0.0.1',
  port: 8000,
  state,
  generation: 1,
})

function harness(now = 0) {
  const handle = createLog({ file: join(dir, 'x.log'), level: 'fatal', base: { id: 'supervisor', pid: 1 } })
  handles.push(handle)
  const state = {
    upstreams: [entry('up')],
    received: [] as UpstreamList[],
    failing: false,
    now,
    generation: 1,
    timers: [] as (() => void)[],
  }
  const clock: Clock = {
    ...systemClock,
    now: () => state.now,
    timer(_ms, run) {
      state.timers.push(run)
      return () => {}
    },
  }
  const listener = (): Listener => ({
    id: 'balancer:0',
    generation: state.generation,
    async deliver(list) {
      if (state.failing) throw new Error('no answer')
      state.received.push(list)
    },
  })
  const announcer = createAnnouncer({
    path,
    clock,
    log: handle.log,
    upstreams: () => state.upstreams,
    listeners: () => [listener()],
  })
  return { state, announcer, saved: () => JSON.parse(readFileSync(path, 'utf8')) as UpstreamList }
}

test('a change is saved and delivered with a higher version; no change is not', async () => {
  const { state, announcer, saved } = harness()
  await announcer.delivered()
  state.upstreams = [entry('draining')]
  await announcer.delivered()
  await announcer.delivered()
  expect(state.received.map((list) => list.version)).toEqual([1, 2])
  expect(saved()).toEqual({ version: 2, upstreams: [entry('draining')] })
})

test('versions only go up: on from the file, and past everything sent before when it is damaged or behind', async () => {
  writeFileSync(path, JSON.stringify({ version: 4100, upstreams: [] }))
  const { announcer, saved } = harness(1000)
  await announcer.delivered()
  expect(saved().version).toBe(4101)
  for (const content of ['{', JSON.stringify({ version: 12, upstreams: [] })]) {
    writeFileSync(path, content)
    const next = harness(9000)
    await next.announcer.delivered()
    expect(next.saved().version).toBe(9001)
  }
})

test('a balancer that did not answer hears the newest list later', async () => {
  const { state, announcer } = harness()
  state.failing = true
  await announcer.delivered()
  expect(state.received).toEqual([])
  state.failing = false
  expect(state.timers).toHaveLength(1)
  state.timers[0]?.()
  await expect.poll(() => state.received.length).toBe(1)
})

test('a balancer started anew is told again', async () => {
  const { state, announcer } = harness()
  await announcer.delivered()
  state.generation = 2
  await announcer.delivered()
  expect(state.received.map((list) => list.version)).toEqual([1, 1])
})

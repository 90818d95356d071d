import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { type Clock, systemClock } from '@imgsvc/core/clock'
import type { Exit } from '@imgsvc/core/process'
import { kernelStartTime } from '@imgsvc/core/run-file'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fixtureRoles, isAlive, type Scene, scene, startOrphan } from '../../test/fixtures/processes.ts'
import { adoptChild } from './adopted-child.ts'

let current: Scene
let orphan: ChildProcess & { readonly pid: number }
beforeEach(async () => {
  current = scene(fixtureRoles())
  orphan = await startOrphan(current.paths, 'worker:0')
})
afterEach(async () => {
  orphan.kill('SIGKILL')
  await current.remove()
})

function adopt(options: { clock?: Clock; socket?: string; startTime?: string } = {}) {
  const { clock = systemClock, socket = current.paths.socketOf('worker:0') } = options
  const exits: Exit[] = []
  const target = { pid: orphan.pid, startTime: options.startTime ?? kernelStartTime(orphan.pid) }
  const child = adoptChild(target, { socket, clock, log: current.options.log }, (exit) => exits.push(exit))
  return { child, exits }
}

const UNKNOWN = { code: null, signal: null, at: expect.any(Number) }

/** Half-second looks never come; quick ones and the first do. */
const withoutPoll: Clock = {
  ...systemClock,
  timer: (ms, run) => (ms >= 500 ? () => {} : systemClock.timer(ms, run)),
}

/** Sockets of this name in the kernel: the one that listens, and one per accepted connection. */
function socketsAt(path: string): number {
  const lines = readFileSync('/proc/net/unix', 'latin1').split('\n')
  return lines.filter((line) => line.endsWith(` ${path}`)).length
}

test('its death shows by the closing of its control socket; how it ended is not made up', async () => {
  const { child, exits } = adopt({ clock: withoutPoll })
  expect(child.pid).toBe(orphan.pid)
  // The connection must be there before there is something to notice.
  await expect.poll(() => socketsAt(current.paths.socketOf('worker:0'))).toBe(2)
  process.kill(orphan.pid, 'SIGKILL')
  await expect.poll(() => exits, { interval: 5 }).toEqual([UNKNOWN])
})

test('without a connection its death shows by its pid', async () => {
  const { exits } = adopt({ socket: '/no/such.sock' })
  process.kill(orphan.pid, 'SIGKILL')
  await expect.poll(() => exits, { timeout: 5000 }).toEqual([UNKNOWN])
})

test('signals reach it, and its end is told once', async () => {
  const { child, exits } = adopt()
  child.kill('SIGTERM')
  await expect.poll(() => exits).toEqual([UNKNOWN])
  expect(current.notes()).toEqual(['worker:0 SIGTERM'])
  child.kill('SIGKILL')
  expect(exits).toHaveLength(1)
})

test('after a signal that is not meant to end it, it is watched as before', async () => {
  const { child, exits } = adopt({ clock: withoutPoll })
  const sockets = () => socketsAt(current.paths.socketOf('worker:0'))
  await expect.poll(sockets).toBe(2)
  child.kill('SIGCONT', false)
  expect(sockets()).toBe(2)
  child.kill('SIGKILL', false)
  await expect.poll(() => exits, { interval: 5 }).toEqual([UNKNOWN])
})

test('a process that only has the same pid gets no signal and counts as its death', async () => {
  const { child, exits } = adopt({ startTime: '1' })
  child.kill('SIGKILL')
  expect(exits).toEqual([UNKNOWN])
  expect(isAlive(orphan.pid)).toBe(true)
})

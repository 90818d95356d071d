import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { systemClock } from '@imgsvc/core/clock'
import type { ProcessId } from '@imgsvc/core/process'
import { kernelStartTime, readRunFile, writeRunFile } from '@imgsvc/core/run-file'
import { childEnv } from '@imgsvc/core/state-dir'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fixtureRoles, isAlive, type Scene, scene } from '../../test/fixtures/processes.ts'
import { findOrphans, stopOrphans } from './orphans.ts'

const roles = fixtureRoles()
const children: ChildProcess[] = []
let current: Scene
beforeEach(() => {
  current = scene(roles)
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await current.remove()
})

/** A child without a supervisor, up and running. */
async function orphan(id: ProcessId, args: readonly string[] = []): Promise<number> {
  const env = { ...process.env, ...childEnv({ id, stateDir: current.paths.root, generation: 4, port: 8000 }) }
  const child = spawn(process.execPath, [roles.worker.entry, ...args], { env, stdio: 'ignore' })
  children.push(child)
  await expect.poll(() => readRunFile(current.paths.runFileOf(id))?.pid, { timeout: 10_000 }).toBe(child.pid)
  return child.pid as number
}

const find = () => findOrphans({ paths: current.paths, roles })
const options = (stopTimeout = 5000) => ({
  paths: current.paths,
  roles,
  clock: systemClock,
  log: current.options.log,
  stopTimeout,
})
const gone = (pid: number) => expect.poll(() => isAlive(pid)).toBe(false)

test('children left behind are found and stopped gracefully, balancers first', async () => {
  const pids = [await orphan('worker:0'), await orphan('balancer:0')]
  const orphans = await find()
  expect(orphans.map(({ pid }) => pid).sort()).toEqual([...pids].sort())
  await stopOrphans(orphans, options())
  for (const pid of pids) await gone(pid)
  expect(current.notes()).toEqual(['balancer:0 SIGTERM', 'worker:0 drain', 'worker:0 SIGTERM'])
})

test('one that ignores SIGTERM is killed', async () => {
  const pid = await orphan('worker:0', ['ignore-term'])
  await stopOrphans(await find(), options(300))
  await gone(pid)
})

test('one that is frozen is known by its program', async () => {
  const pid = await orphan('worker:0')
  process.kill(pid, 'SIGSTOP')
  const orphans = await find()
  expect(orphans).toHaveLength(1)
  await stopOrphans(orphans, options(100))
  await gone(pid)
})

test('run files of dead processes are removed; damaged ones too', async () => {
  const path = current.paths.runFileOf('worker:0')
  const record = { id: 'worker:0' as const, generation: 1, configHash: '', port: 8000, startedAt: 0 }
  writeRunFile(path, { ...record, pid: 2 ** 22 + 1, startTime: '1' })
  writeFileSync(current.paths.runFileOf('worker:1'), '{')
  expect(await find()).toEqual([])
  expect(existsSync(path)).toBe(false)
  expect(existsSync(current.paths.runFileOf('worker:1'))).toBe(false)
})

test('a stranger that got the pid is left alone', async () => {
  const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  children.push(stranger)
  const pid = stranger.pid as number
  const record = { id: 'worker:0' as const, pid, generation: 1, configHash: '', port: 8000, startedAt: 0 }
  writeRunFile(current.paths.runFileOf('worker:0'), { ...record, startTime: '1' })
  expect(await find()).toEqual([])
  // Even with the right start time: it neither answers as our child nor runs our program.
  writeRunFile(current.paths.runFileOf('worker:0'), { ...record, startTime: kernelStartTime(pid) })
  expect(await find()).toEqual([])
  expect(isAlive(pid)).toBe(true)
})

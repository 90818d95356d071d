import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { systemClock } from '@imgsvc/core/clock'
import type { ProcessId } from '@imgsvc/core/process'
import { kernelStartTime, writeRunFile } from '@imgsvc/core/run-file'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fixtureRoles, isAlive, type Scene, scene, startOrphan } from '../../test/fixtures/processes.ts'
import { findSurvivors } from './survivors.ts'

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

const find = () => findSurvivors({ paths: current.paths, roles, clock: systemClock })

async function orphan(id: ProcessId, ...args: string[]): Promise<number> {
  const child = await startOrphan(current.paths, id, { args })
  children.push(child)
  return child.pid
}

test('children at work are found with all that is known about them', async () => {
  const [worker, balancer] = [await orphan('worker:0'), await orphan('balancer:0', 'drained')]
  const found = await find()
  expect(found).toHaveLength(2)
  expect(found).toContainEqual({
    id: 'worker:0',
    pid: worker,
    startTime: kernelStartTime(worker),
    generation: 4,
    configHash: 'hash',
    port: 8000,
    startedAt: expect.any(Number),
    answers: true,
    ready: true,
  })
  expect(found).toContainEqual(
    expect.objectContaining({ id: 'balancer:0', pid: balancer, answers: true, ready: false }),
  )
})

test('one whose run file is not there is known by its socket', async () => {
  const pid = await orphan('worker:3')
  rmSync(current.paths.runFileOf('worker:3'))
  expect(await find()).toMatchObject([{ id: 'worker:3', pid, generation: 4, answers: true }])
})

test('one that is frozen is known by its program, and does not answer', async () => {
  const pid = await orphan('worker:0')
  process.kill(pid, 'SIGSTOP')
  expect(await find()).toMatchObject([{ id: 'worker:0', pid, answers: false, ready: false }])
})

test('run files of dead processes are removed; damaged ones too', async () => {
  const path = current.paths.runFileOf('worker:0')
  const record = { id: 'worker:0' as const, generation: 1, configHash: '', port: 8000, startedAt: 0 }
  writeRunFile(path, { ...record, pid: 2 ** 22 + 1, startTime: '1' })
  writeFileSync(current.paths.runFileOf('worker:1'), '{')
  writeFileSync(current.paths.socketOf('worker:2'), '')
  expect(await find()).toEqual([])
  expect(existsSync(path)).toBe(false)
  expect(existsSync(current.paths.runFileOf('worker:1'))).toBe(false)
})

test('a stranger that got the pid is no child, and is left alone', async () => {
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

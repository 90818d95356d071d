import { mkdirSync, writeFileSync } from 'node:fs'
import type { Crash } from '@imgsvc/core/crash'
import { afterEach, expect, test } from 'vitest'
import { fixtureRoles, type Scene, scene } from '../../test/fixtures/processes.ts'
import { createRoster, type Roster } from '../process/roster.ts'
import { createCrashRecorder } from './recorder.ts'
import { createCrashStore, readCrashes } from './store.ts'

let current: { scene: Scene; roster: Roster } | undefined
afterEach(async () => {
  await current?.roster.stopAll(0)
  current?.roster.close()
  await current?.scene.remove()
  current = undefined
})

test('a crash is saved with what the balancers know of it and with its stack, and the worker is back meanwhile', async () => {
  const made = scene(fixtureRoles())
  const { paths } = made
  const store = createCrashStore({ dir: paths.crashes, log: made.options.log })
  const record = createCrashRecorder({ paths, store, balancers: () => roster.list('balancer') })
  const saved: Promise<void>[] = []
  const crashed = (crash: Crash) => void saved.push(record(crash))
  const roster = createRoster({ ...made.options, crashed })
  current = { scene: made, roster }
  await roster.scale('worker', 1)
  await roster.scale('balancer', 2)
  const worker = roster.list('worker')[0]
  const pid = worker?.info().pid as number
  mkdirSync(paths.run, { recursive: true })
  const hang = { pid, at: Date.now(), blockedMs: 1000, stack: ['decode (file:///decode.js:1:2)'] }
  writeFileSync(paths.hangStackOf('worker:0'), JSON.stringify(hang))
  process.kill(pid, 'SIGKILL')
  await expect.poll(() => worker?.info(), { timeout: 15_000 }).toMatchObject({ state: 'RUNNING', restarts: 1 })
  await Promise.all(saved)
  const request = { requestId: 'r1', path: '/of/worker:0/1', ms: 5 }
  expect(await readCrashes(paths.crashes)).toMatchObject([
    { process: 'worker:0', pid, reason: 'crash', signal: 'SIGKILL', requests: [request, request], stack: hang.stack },
  ])
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProcessId } from '@imgsvc/core/process'
import { kernelStartTime, writeRunFile } from '@imgsvc/core/run-file'
import { statePaths } from '@imgsvc/core/state-dir'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startOrphan } from '../../test/fixtures/processes.ts'
import { prepareStateDir } from '../state.ts'
import { offlineRows } from './offline-status.ts'

let root: string
const orphans: { kill(signal: 'SIGKILL'): unknown }[] = []
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'of-'))
  prepareStateDir(root)
})
afterEach(() => {
  for (const orphan of orphans.splice(0)) orphan.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

const record = (id: ProcessId, pid: number, startTime: string) => ({
  ...{ id, pid, startTime, generation: 3, configHash: 'x', port: 8001, startedAt: 5 },
})

test('rows say who lives, by pid and start time, and who answers', async () => {
  const paths = statePaths(root)
  const orphan = await startOrphan(paths, 'worker:0')
  orphans.push(orphan)
  // Its pid is taken by another process now; and one that lives, but has no socket.
  writeRunFile(paths.runFileOf('worker:10'), record('worker:10', process.pid, '1'))
  writeRunFile(paths.runFileOf('balancer:0'), record('balancer:0', process.pid, kernelStartTime(process.pid)))
  const rows = await offlineRows(paths, [])
  expect(rows.map(({ id, alive, answers, state, pid, source }) => [id, alive, answers, state, pid, source])).toEqual([
    ['balancer:0', true, false, 'RUNNING', process.pid, 'run-file'],
    ['worker:0', true, true, 'RUNNING', orphan.pid, 'run-file'],
    ['worker:10', false, false, 'EXITED', null, 'run-file'],
  ])
  expect(rows[2]?.reason).toBe(`its run file names pid ${process.pid}, which is gone`)
  expect(rows[1]).toMatchObject({ inFlight: 2, generation: 4, port: 8000 })
  expect((await offlineRows(paths, ['worker:10'])).map(({ id }) => id)).toEqual(['worker:10'])
})

test('a process that does not answer is shown within the moment it is given', async () => {
  const paths = statePaths(root)
  const orphan = await startOrphan(paths, 'worker:0')
  orphans.push(orphan)
  process.kill(orphan.pid, 'SIGSTOP')
  expect(await offlineRows(paths, [])).toMatchObject([{ alive: true, answers: false }])
})

test('where nothing has run there are no rows', async () => {
  expect(await offlineRows(statePaths(join(root, 'none')), [])).toEqual([])
})

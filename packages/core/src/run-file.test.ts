import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isSameProcess, kernelStartTime, type RunRecord, readRunFile, writeRunFile } from './run-file.ts'

const hasProc = existsSync('/proc/self/stat')
const directory = () => mkdtempSync(join(tmpdir(), 'rf-'))
const record = (fields: Partial<RunRecord> = {}): RunRecord => ({
  id: 'worker:2',
  pid: process.pid,
  startTime: kernelStartTime(process.pid),
  generation: 3,
  configHash: 'abc',
  port: 8002,
  startedAt: 1_700_000_000_000,
  ...fields,
})

test('a record is read back as it was written', () => {
  const path = join(directory(), 'worker-2.json')
  writeRunFile(path, record())
  expect(readRunFile(path)).toEqual(record())
})

test('missing, torn and foreign files are no record', () => {
  const path = join(directory(), 'worker-2.json')
  expect(readRunFile(path)).toBeUndefined()
  for (const text of ['', '{"id":"worker:2","pid":', '[]', JSON.stringify({ ...record(), id: '../x' })]) {
    writeFileSync(path, text)
    expect(readRunFile(path)).toBeUndefined()
  }
})

test('a process is the same only while its pid and its start time agree', () => {
  expect(isSameProcess(record())).toBe(true)
  expect(isSameProcess(record({ startTime: '1' }))).toBe(false)
  expect(isSameProcess(record({ pid: 4_194_304, startTime: '' }))).toBe(false)
})

test('a process that has ended is not the same any more', async () => {
  const child = spawn('sleep', ['30'], { stdio: 'ignore' })
  await once(child, 'spawn')
  const pid = child.pid as number
  const alive = record({ pid, startTime: kernelStartTime(pid) })
  expect(isSameProcess(alive)).toBe(true)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(isSameProcess(alive)).toBe(false)
})

// /proc is Linux only; elsewhere the start time is '' and the pid alone counts.
test.runIf(hasProc)('the start time is found although the program name holds ") 1 2 "', async () => {
  const program = join(directory(), 'a) R 1 2 (b')
  copyFileSync('/bin/sleep', program)
  const child = spawn(program, ['30'], { stdio: 'ignore' })
  await once(child, 'spawn')
  const pid = child.pid as number
  const [mine, other] = [Number(kernelStartTime(process.pid)), Number(kernelStartTime(pid))]
  child.kill('SIGKILL')
  expect(other).toBeGreaterThanOrEqual(mine)
  expect(other - mine).toBeLessThan(100 * 3600)
})

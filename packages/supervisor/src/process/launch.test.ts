import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Logger } from '@imgsvc/core/log'
import { afterEach, expect, test } from 'vitest'
import { applyLaunch, type Launch } from './launch.ts'

const child = spawn('sleep', ['60'], { stdio: 'ignore' })
const pid = child.pid as number
const path = process.env.PATH
afterEach(() => {
  process.env.PATH = path
  warnings.length = 0
})

const warnings: string[] = []
const log = { warn: (_: object, message: string) => warnings.push(message) } as unknown as Logger
const UNLIMITED = { nofile: 'inherit', core: 'inherit', nproc: 'inherit', memlock: 'inherit' } as const
const launch = (over: Partial<Launch> = {}): Launch => ({
  nice: 'inherit',
  oomScoreAdj: 'inherit',
  rlimits: UNLIMITED,
  oomScoreConfigured: true,
  ...over,
})

test('what is inherited is left as it is', async () => {
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8')
  await applyLaunch(pid, launch(), log)
  expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toBe(limits)
  expect(warnings).toEqual([])
})

test('limits without the program that sets them are a warning that names it', async () => {
  process.env.PATH = '/nowhere'
  await applyLaunch(pid, launch({ rlimits: { ...UNLIMITED, nofile: 100 } }), log)
  expect(warnings).toEqual(['rlimits need the program prlimit of util-linux'])
})

test('a process that is gone already is a warning, not a failure', async () => {
  child.kill('SIGKILL')
  await once(child, 'exit')
  await applyLaunch(pid, launch({ nice: 5, oomScoreAdj: 100, rlimits: { ...UNLIMITED, core: 0 } }), log)
  expect(warnings).toHaveLength(3)
  await applyLaunch(pid, launch({ oomScoreAdj: 100, oomScoreConfigured: false }), log)
  expect(warnings).toHaveLength(3)
})

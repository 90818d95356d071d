import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Instance } from '@imgsvc/supervisor/chaos/instance'
import { lookAtMachine } from '@imgsvc/supervisor/chaos/machine'
import { playPlan } from '@imgsvc/supervisor/chaos/plan'
import type { Row } from '@imgsvc/supervisor/chaos/row'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isAlive, processesOf } from './processes.ts'
import { cleanEnv } from './run-cli.ts'
import { until } from './until.ts'

const RIG = fileURLToPath(new URL('../../../../ops/chaos/main.mjs', import.meta.url))

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cr-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const row = (run: Row['run']): Row => ({
  ...{ number: 99, title: 'a test', bar: 'none', isQuick: true, run, placement: { workers: 2 } },
  others: { supervisord: '', pm2: '', nginx: '' },
})

async function play(...rows: readonly Row[]) {
  const { signal } = new AbortController()
  const options = { machine: lookAtMachine(), env: process.env, isQuick: true, rate: 30, timeoutMs: 20_000, signal }
  return playPlan({ rows, ...options, begun: () => {}, done: () => {} })
}

test('a row that breaks off is a failed row, and nothing is left of its instance', async () => {
  let instance: Instance | undefined
  const [broken] = await play(
    row(async (stage) => {
      instance = stage.instance
      expect(processesOf(instance.stateDir).length).toBeGreaterThan(3)
      throw new Error('the fault could not be made')
    }),
  )
  expect(broken).toMatchObject({ verdict: 'fail', note: 'the row broke off: the fault could not be made' })
  expect(processesOf((instance as Instance).stateDir)).toEqual([])
  expect(() => readdirSync((instance as Instance).home)).toThrow('ENOENT')
})

test('a death that nobody had planned is reported with its pid; one that was planned is not', async () => {
  let unplanned = 0
  const [result] = await play(
    row(async (stage) => {
      unplanned = await stage.pidOf('worker:0')
      const planned = await stage.pidOf('worker:1')
      stage.fault()
      process.kill(unplanned, 'SIGKILL')
      stage.strike(planned, 'SIGKILL')
      await stage.until(() => stage.watch.deaths.length >= 2, 20_000)
      await stage.after(0)
    }),
  )
  expect(result).toMatchObject({ verdict: 'fail', dead_pids: [unplanned] })
  expect(result?.checks.filter(({ ok, isSpeed }) => !ok && !isSpeed)).toEqual([
    { name: 'no other process died', ok: false, detail: `worker:0 (${unplanned})`, isSpeed: false },
  ])
})

test('Ctrl-C ends the plan and everything it has started', async () => {
  const env = cleanEnv({ TMPDIR: home })
  const args = [RIG, '--quick', '--rows', '1', '--report', join(home, 'report.json')]
  const rig = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let told = ''
  rig.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text
  })
  try {
    const place = await until('it has a place', () => readdirSync(home).find((name) => name.startsWith('ivc-')))
    const stateDir = join(home, place, 's')
    const pids = await until('it runs', () => processesOf(stateDir).length > 4 && processesOf(stateDir))
    rig.kill('SIGINT')
    await until('the rig has ended', () => rig.exitCode !== null, 60_000)
    expect({ code: rig.exitCode, told }).toEqual({ code: 130, told: expect.stringContaining('ended by SIGINT') })
    expect(pids.filter(isAlive)).toEqual([])
    expect(readdirSync(home)).toEqual([])
  } finally {
    rig.kill('SIGKILL')
  }
})

test('a mistaken command line is exit code 2 and a sentence', async () => {
  const rig = spawn(process.execPath, [RIG, '--rows', '2'], { env: cleanEnv(), stdio: ['ignore', 'ignore', 'pipe'] })
  let told = ''
  rig.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text
  })
  await until('it has ended', () => rig.exitCode !== null)
  expect([rig.exitCode, told]).toEqual([2, expect.stringMatching(/^chaos: --rows: there is no row "2"/)])
})

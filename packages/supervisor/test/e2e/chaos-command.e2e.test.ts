import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROWS } from '@imgsvc/supervisor/chaos/rows'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { processesOf } from './processes.ts'
import { cleanEnv, PROGRAM, runCli } from './run-cli.ts'
import { until } from './until.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cc-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

test('the rows can be listed, for people and for programs, without anything being started', async () => {
  const numbers = ROWS.map(({ number }) => number)
  const { code, stdout } = await runCli(['chaos', '--list', '--json'])
  expect(code).toBe(0)
  expect((JSON.parse(stdout) as { row: number }[]).map(({ row }) => row)).toEqual(numbers)
  expect((await runCli(['chaos', '--list', '--rows', '1,4'])).stdout.match(/^\d+(?=\. )/gm)).toEqual(['1', '4'])
  expect((await runCli(['chaos', '--help'])).stdout).toMatch(/--rows[\s\S]*--quick[\s\S]*--rate/)
})

test.each([
  [['--rows', '2'], /there is no row "2"; there are 1, 3/],
  [['--rate', '0'], /--rate: expected a number from 1 to 2000, got "0"/],
  [['--rate', '-5'], /--rate: expected a number from 1 to 2000, got "-5"/],
])('%j is refused with exit code 2', async (args, sentence) => {
  const { code, stdout, stderr } = await runCli(['chaos', ...args])
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(sentence)
})

test('a row is played against an instance of its own, and the report is the only thing on stdout', async () => {
  const args = ['chaos', '--rows', '21', '--quick', '--rate', '20', '--json', '--report', 'report.json']
  const { code, stdout, stderr } = await runCli(args, { cwd: home })
  const report = JSON.parse(stdout) as { rows: { row: number; sent: number; verdict: string }[] }
  expect(report.rows).toMatchObject([{ row: 21 }])
  expect(report.rows[0]?.sent).toBeGreaterThan(50)
  expect(code).toBe(report.rows[0]?.verdict === 'pass' ? 0 : 1)
  expect(JSON.parse(readFileSync(join(home, 'report.json'), 'utf8'))).toEqual(report)
  expect(stderr).toMatch(/^row 21: .+ …$/m)
})

test('Ctrl-C ends everything that was started', async () => {
  // Its instance is in a directory below TMPDIR.
  const args = [PROGRAM, 'chaos', '--rows', '1']
  const child = spawn(process.execPath, args, { env: cleanEnv({ TMPDIR: home }), stdio: ['ignore', 'ignore', 'pipe'] })
  let told = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const stateDir = () => readdirSync(home).map((name) => join(home, name, 's'))[0]
  const dir = await until('the instance runs', () => {
    const candidate = stateDir()
    return candidate !== undefined && processesOf(candidate).length > 3 && candidate
  })
  child.kill('SIGINT')
  expect(await ended).toBe(130)
  expect(told).toContain('everything started was stopped')
  expect(processesOf(dir)).toEqual([])
  expect(readdirSync(home)).toEqual([])
})

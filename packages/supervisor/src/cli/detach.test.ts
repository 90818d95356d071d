import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Cli } from './context.ts'
import { startDetached } from './detach.ts'
import { createOutput } from './output.ts'

let home: string
let printed: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'iv-'))
  printed = ''
})
afterEach(() => rmSync(home, { recursive: true }))

/** Starts a program of a few lines in place of imgsvc. */
function start(program: string): Promise<number> {
  const path = join(home, 'program.mjs')
  writeFileSync(path, program)
  const stream = () => new PassThrough().on('data', (text) => (printed += text))
  const out = createOutput({ stdout: stream(), stderr: stream(), env: {} })
  return startDetached(['--workers=1'], home, { out, env: process.env, cwd: home, program: path } as unknown as Cli)
}

test('returns 0 and prints what the new process says once it is ready; that process goes on', async () => {
  const code = await start(`
    import { writeFileSync } from 'node:fs'
    writeFileSync('args.json', JSON.stringify(process.argv.slice(2)))
    process.send({ kind: 'ready', lines: ['ready at last'] })
    process.on('disconnect', () => { writeFileSync('went-on', ''); process.exit() })`)
  expect([code, printed]).toEqual([0, 'ready at last\n'])
  expect(JSON.parse(readFileSync(join(home, 'args.json'), 'utf8'))).toEqual(['up', '--workers=1', '--report-start'])
  await expect.poll(() => readFileSync(join(home, 'went-on'), 'utf8')).toBe('')
})

test('hands on the reason and the exit code of a start that failed', async () => {
  expect(await start(`process.send({ kind: 'failed', lines: ['imgsvc: no'], code: 7 })`)).toBe(7)
  expect(printed).toBe('imgsvc: no\n')
})

test('a process that dies without a word is a failure, with the last lines of its stderr', async () => {
  expect(await start(`console.error('out of luck'); process.exit(0)`)).toBe(1)
  expect(printed).toBe('out of luck\nimgsvc: the detached process ended before it was ready (exit code 0)\n')
})

test('a process that is killed is a failure', async () => {
  expect(await start(`process.kill(process.pid, 'SIGKILL')`)).toBe(1)
  expect(printed).toContain('before it was ready (SIGKILL)')
})

import { PassThrough, Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { createOutput, tableLines } from './output.ts'

function outputTo(stdout: Writable & { isTTY?: boolean }, env: Record<string, string> = {}) {
  return createOutput({ stdout, stderr: new PassThrough(), env })
}

const RED_FATAL = '\u001b[31mFATAL\u001b[0m'

test('columns are as wide as their widest cell, and lines end without blanks', () => {
  const rows = [
    ['worker:0', { text: 'RUNNING', tone: 'good' as const }, '-'],
    ['balancer:0', 'UP', ''],
  ]
  expect(tableLines(['ID', 'STATE', 'PID'], rows, false)).toEqual([
    'ID          STATE    PID',
    'worker:0    RUNNING  -',
    'balancer:0  UP',
  ])
})

test.each([
  ['a terminal', true, {}, true],
  ['a file', false, {}, false],
  ['a terminal with NO_COLOR', true, { NO_COLOR: '1' }, false],
  ['a dumb terminal', true, { TERM: 'dumb' }, false],
])('colours on %s', async (_, isTTY, env, coloured) => {
  const stdout = Object.assign(new PassThrough(), { isTTY })
  outputTo(stdout, env).table(['STATE'], [[{ text: 'FATAL', tone: 'bad' }]])
  const text = String(stdout.read())
  expect(text.includes(RED_FATAL)).toBe(coloured)
  expect(text.includes('FATAL')).toBe(true)
})

const failing = (code: string) =>
  new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error(`write ${code}`), { code })) })

test('a reader that leaves ends the printing without an error', async () => {
  const out = outputTo(failing('EPIPE'))
  out.line('first')
  await new Promise((resolve) => out.closed.addEventListener('abort', resolve, { once: true }))
  out.line('second')
  expect(await out.flush()).toBeUndefined()
  expect(out.closed.aborted).toBe(true)
})

test('a disk that is full is an error', async () => {
  const out = outputTo(failing('ENOSPC'))
  out.line('first')
  expect(await out.flush()).toMatchObject({ code: 'ENOSPC' })
})

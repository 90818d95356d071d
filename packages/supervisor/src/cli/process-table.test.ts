import type { ActionResult, ProcessInfo } from '@imgsvc/core/control'
import { expect, test } from 'vitest'
import { actionLine, statusRow } from './process-table.ts'

const NOW = 1_000_000_000
const running: ProcessInfo = {
  id: 'worker:2',
  state: 'RUNNING',
  want: 'up',
  pid: 4312,
  port: 8002,
  since: NOW - 7_500_000,
  restarts: 1,
  rss: 66_060_288,
  cpu: 12.34,
  inFlight: 0,
  loopLagMs: 1,
  draining: false,
  lastExit: { code: null, signal: 'SIGKILL', at: NOW - 7_600_000 },
  reason: null,
}
const texts = (process: ProcessInfo) =>
  statusRow(process, NOW).map((cell) => (typeof cell === 'string' ? cell : cell.text))

test('a running process shows its figures', () => {
  expect(texts(running)).toEqual([
    'worker:2',
    'RUNNING',
    '4312',
    '8002',
    '2h 05m',
    '1',
    '63 MB',
    '12.3 %',
    '0',
    'SIGKILL 2h 06m ago',
  ])
})

test('one that runs but does not answer is shown as such', () => {
  expect(texts({ ...running, reason: 'has not answered for 1.2 s' })[1]).toBe('RUNNING silent')
  expect(texts({ ...running, state: 'BACKOFF', reason: 'exited with code 3' })[1]).toBe('BACKOFF')
})

test('a surge worker shows as what it is, and so does one out of rotation', () => {
  expect(texts({ ...running, surge: true })[1]).toBe('RUNNING surge')
  expect(texts({ ...running, surge: true, draining: true })[1]).toBe('RUNNING surge draining')
})

test('how an adopted child ended is not made up', () => {
  const lastExit = { code: null, signal: null, at: NOW - 4000 }
  expect(texts({ ...running, lastExit }).at(-1)).toBe('unknown 4s ago')
})

test('draining is said beside the state', () => {
  expect(texts({ ...running, draining: true })[1]).toBe('RUNNING draining')
})

test('what a stopped process does not have is a dash', () => {
  const stopped = {
    pid: null,
    since: null,
    rss: null,
    cpu: null,
    inFlight: null,
    lastExit: { code: 1, signal: null, at: NOW },
  }
  const row = texts({ ...running, state: 'STOPPED', ...stopped })
  expect(row).toEqual(['worker:2', 'STOPPED', '-', '8002', '-', '1', '-', '-', '-', 'code 1 0s ago'])
})

test('an action is one line; a failed one says why', () => {
  const ok: ActionResult = { id: 'worker:2', ok: true, state: 'RUNNING', pid: 4312, ms: 812 }
  expect(actionLine(ok)).toBe('worker:2  RUNNING  pid 4312  0.8 s')
  const failed: ActionResult = { ...ok, ok: false, state: 'BACKOFF', pid: null, ms: 3, reason: 'exited with code 98' }
  expect(actionLine(failed)).toBe('worker:2  BACKOFF  0.1 s  exited with code 98')
})

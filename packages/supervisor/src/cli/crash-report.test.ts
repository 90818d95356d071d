import { expect, test } from 'vitest'
import type { StoredCrash } from '../crashes/store.ts'
import { crashLines, crashRow } from './crash-report.ts'

const crash: StoredCrash = {
  ...{
    id: '20261121T030001.000Z-worker-2-1',
    process: 'worker:2',
    pid: 7,
    generation: 1,
    at: Date.UTC(2026, 10, 21, 3),
  },
  ...{ reason: 'hang', code: null, signal: 'SIGKILL', message: 'has not answered for 5.0 s: killed', uptimeMs: 5000 },
  ...{ rss: 300 * 1024 ** 2, heap: null, stderr: ['a', '\u001b[2Jb'], stack: ['decode (file:///x.js:1:2)'] },
  requests: [{ requestId: 'r1', path: '/unsafe/10x10/cat.jpg\u0007', ms: 12.4 }],
}

test('everything that is known is shown', () => {
  expect(crashLines(crash)).toEqual([
    'worker:2  pid 7  generation 1',
    'when      2026-11-21T03:00:00.000Z, after 5s',
    'why       hang: has not answered for 5.0 s: killed',
    'exit      SIGKILL',
    'memory    rss 300 MB',
    '',
    'requests in hand:',
    '  r1  12 ms  /unsafe/10x10/cat.jpg?',
    '',
    'stack of the blocked event loop:',
    '  decode (file:///x.js:1:2)',
    '',
    'last lines of stderr:',
    '  a',
    '  ?[2Jb',
  ])
})

test('what strangers wrote cannot steer the terminal', () => {
  const row = crashRow({ ...crash, message: '\u001b]0;x\u0007\r\n' })
  expect(row.at(-1)).toBe('?]0;x???')
})

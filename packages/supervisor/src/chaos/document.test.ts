import { expect, test } from 'vitest'
import { withReport } from './document.ts'
import type { Report } from './report.ts'
import { unplayed } from './result.ts'
import { ROWS } from './rows.ts'

const [row, other] = ROWS as [(typeof ROWS)[number], (typeof ROWS)[number]]
const report: Report = {
  version: '1.2.3',
  at: '2026-11-21T03:04:05.000Z',
  machine: { cpu: 'a CPU', cores: 2, node: 'v20.0.0', kernel: '6.1' },
  settings: { rate: 200, isQuick: false, workers: 4 },
  rows: [
    {
      ...unplayed(row, 'fail', 'it | broke\noff', [{ name: 'nothing lost', ok: false, detail: '3', isSpeed: false }]),
      ...{ sent: 600, lost: 3, p99_before: 12, p99_during: 30.5, recover_ms: 420, dead_pids: [7, 8], log_lost: 5 },
    },
    unplayed(other, 'not possible here', 'no room'),
  ],
}

test('the tables go between the marks, what stands around them is kept', () => {
  const first = withReport('# Reliability\n\nWritten by hand.\n', report)
  expect(first).toMatch(/^# Reliability\n\nWritten by hand\.\n\n<!-- chaos: begin/)
  const edited = `${first}\nWritten below.\n`
  const second = withReport(edited, { ...report, version: '1.2.4' })
  expect(second).toBe(edited.replace('imgsvc 1.2.3', 'imgsvc 1.2.4'))
})

test('a line says what was lost, how fast, and whether that is enough', () => {
  const lines = withReport('', report).split('\n')
  expect(lines).toContain(`| 1 | ${row.title} | 3 of 600 | 12 → 30.5 | 420 | 2 | 5 | fail |`)
  expect(lines).toContain(`| 3 | ${other.title} | – | – | – | 0 | 0 | not possible here |`)
  expect(lines).toContain('- row 1, fail: it | broke off; nothing lost (3)')
  expect(lines).toContain('- row 3, not possible here: no room')
  expect(lines).toContain(`| 1 | ${row.bar} | ${row.others.supervisord} | ${row.others.pm2} | ${row.others.nginx} |`)
})

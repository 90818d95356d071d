import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Shot } from './load.ts'
import { loggedIds, lostLines } from './log-lines.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cl-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const line = (id: number) => `{"msg":"request","userAgent":"imgsvc-chaos/${id}"}\n`
const shot = (id: number, isLost = false): Shot => ({
  ...{ id, dueAt: id, path: '/', doneAt: id },
  loss: isLost ? { reason: 'reset', detail: 'socket hang up' } : undefined,
})

test('lines are found in the log, in rotated and zipped ones, and where files were moved to', () => {
  const kept = join(home, 'kept')
  mkdirSync(kept)
  writeFileSync(join(home, 'balancer-0.log'), line(1) + line(12))
  writeFileSync(join(home, 'balancer-1.log.1'), line(2))
  writeFileSync(join(home, 'balancer-0.log.2.gz'), gzipSync(line(3)))
  writeFileSync(join(home, 'worker-0.log'), line(4))
  writeFileSync(join(kept, 'balancer-0.log.moved'), line(5))
  expect([...loggedIds([home, kept, join(home, 'none')])].sort((a, b) => a - b)).toEqual([1, 2, 3, 5, 12])
})

test('answered requests without a line are counted, lost ones are not', async () => {
  writeFileSync(join(home, 'balancer-0.log'), line(1))
  expect(await lostLines([shot(1), shot(2), shot(3, true)], [home])).toBe(1)
})

test('the last lines get a moment to be written', async () => {
  writeFileSync(join(home, 'balancer-0.log'), line(1))
  const counting = lostLines([shot(1), shot(2)], [home])
  writeFileSync(join(home, 'balancer-0.log'), line(1) + line(2))
  expect(await counting).toBe(0)
})

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clearLogs } from './clear.ts'

test('a log that is not there is empty; one that cannot be emptied says why, the others are', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'cl-'))
  try {
    mkdirSync(join(dir, 'worker-0.log'))
    expect(await clearLogs(dir, ['worker:0', 'worker:1'])).toEqual([
      { id: 'worker:0', ok: false, reason: expect.stringContaining('EISDIR') },
      { id: 'worker:1', ok: true },
    ])
  } finally {
    rmSync(dir, { recursive: true })
  }
})

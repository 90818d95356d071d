import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '@imgsvc/core/config/load'
import { statePaths } from '@imgsvc/core/state-dir'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { prepareStateDir } from '../state.ts'
import { offlineLogs } from './offline-logs.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ol-'))
  prepareStateDir(root)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const signal = new AbortController().signal

/** What an instance leaves behind whose logs are in a directory of its own choice. */
function leave(names: readonly string[]): string {
  const dir = join(root, 'elsewhere')
  mkdirSync(dir)
  const defaults = { logs: { dir }, workers: { basePort: 8100 }, sources: [{ type: 'file', root: './images' }] }
  const { config } = loadConfig({ base: root, env: {}, defaults })
  writeFileSync(statePaths(root).config, JSON.stringify(config))
  for (const name of names) writeFileSync(join(dir, `${name}.log`), `{"time":"2026-11-21T03:00:00Z","of":"${name}"}\n`)
  return dir
}

async function idsOf(select: readonly string[]): Promise<readonly string[]> {
  const found = await offlineLogs(statePaths(root), { select, lines: 1 }, signal)
  const ids: string[] = []
  for await (const { id } of found?.lines ?? []) ids.push(id)
  return ids.sort()
}

test('logs are found where the configuration that was left behind says, by number and by port', async () => {
  const dir = leave(['worker-0', 'worker-12', 'balancer-0', 'supervisor', 'access'])
  expect(await offlineLogs(statePaths(root), {}, signal)).toMatchObject({ dir })
  expect(await idsOf([])).toEqual(['balancer:0', 'supervisor', 'worker:0', 'worker:12'])
  expect(await idsOf(['worker'])).toEqual(['worker:0', 'worker:12'])
  expect(await idsOf(['worker:8112', 'balancer'])).toEqual(['balancer:0', 'worker:12'])
})

test('a selector without a log is named, with those that have one', async () => {
  leave(['worker-0'])
  await expect(idsOf(['worker:9'])).rejects.toMatchObject({
    ...{ code: 'PROCESS_UNKNOWN', detail: 'worker:9; there are logs of worker:0' },
  })
})

test('where nothing has run there is nothing to read', async () => {
  expect(await offlineLogs(statePaths(root), {}, signal)).toBeUndefined()
})

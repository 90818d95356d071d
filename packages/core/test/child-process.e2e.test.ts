import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { childClient } from '@imgsvc/core/child-socket'
import { isSameProcess, readRunFile } from '@imgsvc/core/run-file'
import { childEnv, statePaths } from '@imgsvc/core/state-dir'
import { afterEach, expect, test, vi } from 'vitest'

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))
const pids: number[] = []
afterEach(() => {
  for (const pid of pids.splice(0)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // it has ended, as it should
    }
  }
})

async function start(program: string) {
  const root = mkdtempSync(join(tmpdir(), 'cp-'))
  const paths = statePaths(root)
  mkdirSync(paths.run)
  const env = childEnv({ id: 'worker:0', stateDir: root, generation: 1, port: 8000 })
  const stdio = ['ignore', 'pipe', 'pipe'] as const
  const started: ChildProcess = spawn(process.execPath, [fixture(program)], {
    env: { ...process.env, ...env },
    stdio: [...stdio],
  })
  pids.push(started.pid as number)
  let errors = ''
  started.stderr?.on('data', (chunk) => {
    errors += chunk
  })
  const client = childClient(paths.socketOf('worker:0'))
  const identity = await vi.waitFor(
    async () => {
      const answer = await client.call('identity', {})
      expect(answer.ready).toBe(true)
      return answer
    },
    { timeout: 15_000, interval: 50 },
  )
  pids.push(identity.pid)
  const log = () => readFileSync(join(root, 'child.log'), 'utf8')
  return { started, client, identity, paths, log, errors: () => errors }
}

test('a child outlives its primary', async () => {
  const { started, client, identity, paths } = await start('primary.mjs')
  expect(identity.pid).not.toBe(started.pid)
  started.kill('SIGKILL')
  await once(started, 'exit')
  // Its end would follow the lost IPC channel at once; answering many times over a while shows that it does not come.
  for (let i = 0; i < 20; i++) {
    expect((await client.call('identity', {})).pid).toBe(identity.pid)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  const record = readRunFile(paths.runFileOf('worker:0'))
  expect(record && isSameProcess(record)).toBe(true)
})

test('SIGINT and SIGHUP are ignored, SIGTERM twice stops it once and cleanly', async () => {
  const { started, client, paths } = await start('child.mjs')
  started.kill('SIGINT')
  started.kill('SIGHUP')
  expect((await client.call('identity', {})).ready).toBe(true)
  started.kill('SIGTERM')
  started.kill('SIGTERM')
  expect(await once(started, 'exit')).toEqual([0, null])
  expect(readRunFile(paths.runFileOf('worker:0'))).toBeUndefined()
})

for (const [how, text] of [
  ['throw', 'nobody caught this'],
  ['reject', 'nobody awaited this'],
] as const) {
  test(`an error nobody handles (${how}) ends it with 1, on stderr and in its log`, async () => {
    const { started, client, log, errors } = await start('child.mjs')
    await client.call('configure', { configHash: how }).catch(() => undefined)
    if (started.exitCode === null) await once(started, 'exit')
    expect(started.exitCode).toBe(1)
    expect(log()).toContain('"level":"fatal"')
    expect(log()).toContain(text)
    expect(errors()).toContain(text)
  })
}

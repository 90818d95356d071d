import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { UpstreamEntry } from '@imgsvc/core/child-control'
import { childClient } from '@imgsvc/core/child-socket'
import { configSchema } from '@imgsvc/core/config/schema'
import { readRunFile } from '@imgsvc/core/run-file'
import { childEnv, statePaths } from '@imgsvc/core/state-dir'
import { afterEach, expect, test, vi } from 'vitest'
import { closeAll, entry, freePort, getRaw, portOf, startWorker, statusOf } from './harness.ts'

const PRIMARY = fileURLToPath(new URL('./fixtures/primary.mjs', import.meta.url))
const pids: number[] = []
afterEach(async () => {
  for (const pid of pids.splice(0)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // it has ended, as it should
    }
  }
  await closeAll()
})

function prepare(listenPort: number, upstreams: readonly UpstreamEntry[]) {
  const root = mkdtempSync(join(tmpdir(), 'bm-'))
  const paths = statePaths(root)
  mkdirSync(paths.run)
  const config = (extra: object = {}) =>
    configSchema.parse({ listen: `127.0.0.1:${listenPort}`, sources: [], logs: { dir: root }, ...extra })
  const writeConfig = (extra?: object) => writeFileSync(paths.config, JSON.stringify(config(extra)))
  writeConfig()
  writeFileSync(paths.upstreams, JSON.stringify({ version: 1, upstreams }))
  return { root, paths, writeConfig, client: childClient(paths.socketOf('balancer:0')) }
}

function start(root: string): { primary: ChildProcess; errors: () => string } {
  const env = childEnv({ id: 'balancer:0', stateDir: root, generation: 1, port: 0 })
  const primary = spawn(process.execPath, [PRIMARY], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  pids.push(primary.pid as number)
  let errors = ''
  primary.stderr?.on('data', (chunk) => {
    errors += chunk
  })
  return { primary, errors: () => errors }
}

async function started() {
  const worker = await startWorker((request, response) => response.end(`worker ${request.url}`))
  const port = await freePort()
  const state = prepare(port, [entry(0, worker.port)])
  const process_ = start(state.root)
  const identity = await vi.waitFor(
    async () => {
      const answer = await state.client.call('identity', {})
      expect(answer.ready).toBe(true)
      return answer
    },
    { timeout: 20_000, interval: 50 },
  )
  pids.push(identity.pid)
  return { ...state, ...process_, worker, port, identity }
}

test('boots from the state directory, serves, and says who it is', async () => {
  const { port, paths, identity, client } = await started()
  expect(await getRaw(port, '/unsafe//x')).toContain('worker /unsafe//x')
  expect(identity).toMatchObject({ id: 'balancer:0', port, generation: 1 })
  expect(readRunFile(paths.runFileOf('balancer:0'))).toMatchObject({ pid: identity.pid, port })
  const metrics = (await client.call('metrics', {})) as readonly { name: string }[]
  expect(metrics.map(({ name }) => name)).toContain('imgsvc_http_requests_total')
})

test('goes on serving when its supervisor is killed, and takes orders over its socket', async () => {
  const { port, primary, client, paths, writeConfig, identity } = await started()
  primary.kill('SIGKILL')
  await once(primary, 'exit')
  for (let i = 0; i < 20; i++) expect(statusOf(await getRaw(port, '/x'))).toBe(200)

  await client.call('upstreams', { version: 2, upstreams: [] })
  expect(statusOf(await getRaw(port, '/healthcheck'))).toBe(503)
  const wrong = { version: 3, upstreams: [{ id: 'worker:0' }] } as never
  await expect(client.call('upstreams', wrong)).rejects.toMatchObject({ code: 'CONTROL_PARAMS_INVALID' })

  writeConfig({ limits: { urlLength: '20B' } })
  await client.call('configure', { configHash: '' })
  expect(statusOf(await getRaw(port, `/${'a'.repeat(30)}`))).toBe(414)
  expect((await client.call('identity', {})).configHash).not.toBe(identity.configHash)
  expect(readRunFile(paths.runFileOf('balancer:0'))?.pid).toBe(identity.pid)
})

test('SIGTERM finishes what is under way and exits 0, leaving nothing in run/', async () => {
  const { port, primary, identity, paths, client } = await started()
  let finish: (() => void) | undefined
  const slow = await startWorker((_, response) => {
    finish = () => response.end('finished')
  })
  await client.call('upstreams', { version: 2, upstreams: [entry(0, slow.port, { generation: 2 })] })
  const answer = getRaw(port, '/slow')
  await vi.waitFor(() => expect(finish).toBeDefined())
  process.kill(identity.pid, 'SIGTERM')
  await vi.waitFor(async () => expect((await client.call('identity', {})).ready).toBe(false))
  finish?.()
  expect(await answer).toContain('finished')
  expect(await once(primary, 'exit')).toEqual([0, null])
  expect(readRunFile(paths.runFileOf('balancer:0'))).toBeUndefined()
})

test('a taken port is one clear line and exit code 98', async () => {
  const other: Server = createServer()
  const port = await portOf(other)
  const { root } = prepare(port, [])
  const { primary, errors } = start(root)
  expect(await once(primary, 'exit')).toEqual([98, null])
  other.close()
  expect(errors().trim().split('\n')).toHaveLength(1)
  expect(errors()).toContain(`127.0.0.1:${port} is taken`)
  expect(readFileSync(join(root, 'balancer-0.log'), 'utf8')).toContain('"level":"fatal"')
})

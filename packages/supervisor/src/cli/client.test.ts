import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { RpcMethods } from '@imgsvc/core/rpc-handler'
import { type RpcServer, serveRpc } from '@imgsvc/core/socket-rpc'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createControlClient } from './client.ts'

let dir: string
let path: string
let rpc: RpcServer | undefined
let mute: Server | undefined
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'iv-'))
  path = join(dir, 's.sock')
})
afterEach(async () => {
  await rpc?.close()
  mute?.close()
  rpc = undefined
  mute = undefined
  rmSync(dir, { recursive: true })
})

const TIMING = { answerMs: 100, watchMs: 50 }
const serve = async (methods: RpcMethods) => {
  rpc = await serveRpc({ path, methods })
  return createControlClient(path, TIMING)
}
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'answered',
    (error: ImgsvcError) => `${error.code}: ${error.detail}`,
  )

test('nobody on the socket is NOT_RUNNING with the path', async () => {
  expect(await codeOf(createControlClient(path, TIMING).call('process.list', {}))).toBe(
    `NOT_RUNNING: no answer on ${path}`,
  )
})

test('a supervisor that accepts but never answers is NOT_RUNNING in time, for reads and for actions', async () => {
  mute = createServer()
  await new Promise<void>((resolve) => mute?.listen(path, resolve))
  const client = createControlClient(path, TIMING)
  const expected = `NOT_RUNNING: no answer on ${path} within 0.1 s`
  expect(await codeOf(client.call('process.list', {}))).toBe(expected)
  expect(await codeOf(client.call('process.restart', { select: ['all'] }))).toBe(expected)
})

test('an action may take longer than a read while the supervisor lives', async () => {
  const client = await serve({
    'supervisor.info': async () => ({}),
    'process.restart': () => new Promise((resolve) => setTimeout(resolve, 350, [{ id: 'worker:0', ok: true }])),
  })
  expect(await client.call('process.restart', { select: ['all'] })).toEqual([{ id: 'worker:0', ok: true }])
})

test('an action ends when the supervisor stops answering in the middle of it', async () => {
  let asked = 0
  const client = await serve({
    'supervisor.info': () => (asked++ === 0 ? Promise.resolve({}) : new Promise(() => {})),
    'process.restart': () => new Promise(() => {}),
  })
  expect(await codeOf(client.call('process.restart', { select: ['all'] }))).toContain('NOT_RUNNING: no answer on')
})

test('what the supervisor refuses comes through as it is', async () => {
  const client = await serve({
    'process.list': () => Promise.reject(new ImgsvcError('PROCESS_UNKNOWN', 'worker:9')),
  })
  expect(await codeOf(client.call('process.list', {}))).toBe('PROCESS_UNKNOWN: worker:9')
})

test('a stream goes on after the time a read may take', async () => {
  const client = await serve({
    'supervisor.info': async () => ({}),
    'log.tail': async () =>
      (async function* () {
        yield { id: 'worker:0', line: 'first' }
        await new Promise((resolve) => setTimeout(resolve, 250))
        yield { id: 'worker:0', line: 'second' }
      })(),
  })
  const lines: string[] = []
  for await (const { line } of await client.call('log.tail', {})) lines.push(line)
  expect(lines).toEqual(['first', 'second'])
})

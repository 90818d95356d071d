import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { loadConfig } from '@imgsvc/core/config/load'
import type { ProcessInfo } from '@imgsvc/core/control'
import { ImgsvcError } from '@imgsvc/core/errors'
import { serveRpc } from '@imgsvc/core/socket-rpc'
import { statePaths } from '@imgsvc/core/state-dir'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RunningSupervisor, StopReason } from '../supervisor-options.ts'
import type { Cli } from './context.ts'
import { type ForegroundOptions, runInForeground } from './foreground.ts'
import { createOutput } from './output.ts'
import type { OwnSuccession } from './succession.ts'

let stateDir: string
let printed: string
let options: Omit<ForegroundOptions, 'runSupervisor'>
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'iv-'))
  printed = ''
  const stream = () => new PassThrough().on('data', (text) => (printed += text))
  const out = createOutput({ stdout: stream(), stderr: stream(), env: {} })
  const cli = { out, env: {}, cwd: stateDir, home: '/home/ann', uid: 1000, version: '1.2.3' } as unknown as Cli
  const load = () => loadConfig({ env: {}, base: stateDir, flags: { 'security.key': 'k' } })
  options = {
    source: { file: undefined, load },
    stateDir,
    cli,
    ownsSample: true,
    timeoutMs: undefined,
    start: 'terminal',
    succession: noSuccession,
  }
})
afterEach(() => rmSync(stateDir, { recursive: true }))

const noSuccession: OwnSuccession = {
  kind: 'successor',
  prepare: () => Promise.reject(new Error('nobody upgrades here')),
  handOver: async () => undefined,
}

/** A supervisor that does what it is told: becomes ready or not, and ends when stopped. */
function supervisor(ready: Promise<void>, ends?: Promise<StopReason>) {
  let end: (reason: StopReason) => void = () => {}
  const stopped = ends ?? new Promise<StopReason>((resolve) => (end = resolve))
  const stops: string[] = []
  const { config } = options.source.load()
  const running: Omit<RunningSupervisor, 'info'> = {
    config: () => config,
    ready,
    stopped,
    stop: async () => {
      stops.push('stop')
      end({ kind: 'shutdown' })
    },
  }
  return { stops, run: async () => running as RunningSupervisor }
}

const never = new Promise<never>(() => {})

test('a service that gets ready and is stopped ends with 0, having said where it is', async () => {
  const { run } = supervisor(Promise.resolve(), Promise.resolve({ kind: 'signal', signal: 'SIGINT' }))
  expect(await runInForeground({ ...options, runSupervisor: run })).toBe(0)
  expect(printed).toMatch(/^imgsvc 1\.2\.3 is ready$/m)
  expect(printed).toMatch(/^ {2}picture http:\/\/127\.0\.0\.1:8080\/[\w-]{27}=\/300x200\/smart\/flower\.jpg$/m)
})

test('a process that cannot start stops everything and ends with 7', async () => {
  const failed = Promise.reject(new ImgsvcError('PROCESS_FAILED', 'worker:0: exited with code 98'))
  const { run, stops } = supervisor(failed)
  expect(await runInForeground({ ...options, runSupervisor: run })).toBe(7)
  expect(stops).toEqual(['stop'])
  expect(printed).toBe('imgsvc: The process could not be started: worker:0: exited with code 98\n')
})

test('a refused start ends with 1 and its reason', async () => {
  const runSupervisor = () => Promise.reject(new ImgsvcError('PORT_TAKEN', '127.0.0.1:8000'))
  expect(await runInForeground({ ...options, runSupervisor })).toBe(1)
  expect(printed).toBe('imgsvc: A port is already in use: 127.0.0.1:8000\n')
})

test('being stopped before it is ready is no failure', async () => {
  const { run } = supervisor(never, Promise.resolve({ kind: 'signal', signal: 'SIGTERM' }))
  expect(await runInForeground({ ...options, runSupervisor: run })).toBe(0)
  expect(printed).toBe('')
})

test('a supervisor that fails later ends with 1 and its reason', async () => {
  const reason: StopReason = { kind: 'failed', error: new ImgsvcError('STATE_DIR_UNUSABLE', 'gone') }
  const { run } = supervisor(Promise.resolve(), Promise.resolve(reason))
  expect(await runInForeground({ ...options, runSupervisor: run })).toBe(1)
  expect(printed).toContain('imgsvc: The state directory cannot be used: gone\n')
})

test('running out of time is a failure that names what is missing, never a success', async () => {
  const paths = statePaths(stateDir)
  const processes = [
    { id: 'worker:0', state: 'BACKOFF', reason: 'exited with code 1' },
    { id: 'worker:1', state: 'RUNNING', reason: null },
  ] as ProcessInfo[]
  mkdirSync(paths.run)
  const rpc = await serveRpc({ path: paths.supervisorSocket, methods: { 'process.list': async () => processes } })
  const { run, stops } = supervisor(never)
  expect(await runInForeground({ ...options, timeoutMs: 50, runSupervisor: run })).toBe(7)
  await rpc.close()
  expect(stops).toEqual(['stop'])
  expect(printed).toBe(
    'imgsvc: The process could not be started: not ready after 0.1 s: worker:0 BACKOFF (exited with code 1)\n',
  )
})

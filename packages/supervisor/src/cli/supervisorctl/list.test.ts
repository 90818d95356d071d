import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { ActionResult, ControlMethods, ProcessInfo } from '@imgsvc/core/control'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { ProcessId } from '@imgsvc/core/process'
import { type RpcServer, serveRpc } from '@imgsvc/core/socket-rpc'
import { statePaths } from '@imgsvc/core/state-dir'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { prepareStateDir } from '../../state.ts'
import { createOutput } from '../output.ts'
import { runProgram } from '../program.ts'
import { supervisorctl, supervisorVerbs } from './list.ts'
import { newest } from './logs.ts'
import { statusLines } from './show.ts'

type State = ProcessInfo['state']

function processOf(id: string, state: State): ProcessInfo {
  const isThere = ['RUNNING', 'STARTING', 'STOPPING'].includes(state)
  return {
    ...{ id: id as ProcessId, state, want: 'up', pid: isThere ? 4312 : null, port: 8000, restarts: 0 },
    ...{ since: isThere ? Date.now() : null, rss: null, cpu: null, inFlight: null, loopLagMs: null, draining: false },
    lastExit: null,
    reason: state === 'FATAL' || state === 'BACKOFF' ? 'exited with code 1' : null,
  }
}

let dir: string
let rpc: RpcServer | undefined
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'iv-'))
})
afterEach(async () => {
  await rpc?.close()
  rpc = undefined
  rmSync(dir, { recursive: true })
})

/** A supervisor whose processes are in these states; what it was asked to do is noted. */
async function pretend(states: Readonly<Record<string, State>>, methods: Readonly<Record<string, unknown>> = {}) {
  const asked: string[] = []
  const act =
    (name: string, state: State, ok = true) =>
    async ({ select }: { select: readonly string[] }): Promise<ActionResult[]> => {
      asked.push(`${name} ${select.join(' ')}`)
      return select.map((id) => ({ id: id as ProcessId, ok, state, pid: state === 'RUNNING' ? 5000 : null, ms: 1 }))
    }
  const paths = prepareStateDir(dir)
  rpc = await serveRpc({
    path: paths.supervisorSocket,
    methods: {
      'supervisor.info': async () => ({ version: '1.2.3', pid: 4000 }),
      'supervisor.shutdown': async () => ({ stopping: true }),
      'process.list': async () => Object.entries(states).map(([id, state]) => processOf(id, state)),
      'process.start': act('start', 'RUNNING'),
      'process.stop': act('stop', 'STOPPED'),
      'process.restart': act('restart', 'RUNNING'),
      'process.signal': act('signal', 'RUNNING'),
      'config.reload': async () => ({ changed: [], needRestart: [] }),
      'log.clear': async ({ select }: ControlMethods['log.clear']['params']) => select.map((id) => ({ id, ok: true })),
      ...(methods as Record<string, () => Promise<unknown>>),
    },
  })
  return asked
}

async function run(line: string) {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const out = createOutput({ stdout, stderr, env: {} })
  const cli = { out, stdin: new PassThrough(), env: {}, cwd: dir, home: dir, uid: 1, version: '0', program: 'imgsvc' }
  const code = await runProgram([...line.split(' '), '--state-dir', dir], [supervisorctl, ...supervisorVerbs], cli)
  await out.flush()
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

/** Verb × state: what supervisorctl 4 prints and how it ends. Where imgsvc differs on purpose, the row says so. */
const TABLE: readonly (readonly [line: string, state: State, stdout: string, code: number, difference?: string])[] = [
  ['start worker:0', 'STOPPED', 'worker:0: started', 0],
  ['start worker:0', 'EXITED', 'worker:0: started', 0],
  ['start worker:0', 'FATAL', 'worker:0: started', 0],
  ['start worker:0', 'RUNNING', 'worker:0: ERROR (already started)', 0],
  ['start worker:0', 'BACKOFF', 'worker:0: started', 0, 'supervisorctl: already started'],
  ['start worker:*', 'RUNNING', '', 0],
  ['start all', 'STOPPED', 'worker:0: started', 0],
  ['start worker:7', 'RUNNING', 'worker:7: ERROR (no such process)', 1],
  ['start nope', 'RUNNING', 'nope: ERROR (no such process)', 1],
  ['start nope:*', 'RUNNING', 'nope: ERROR (no such group)', 2],
  ['start', 'RUNNING', 'Error: start requires a process name', 2],
  ['stop worker:0', 'RUNNING', 'worker:0: stopped', 0],
  ['stop worker:0', 'BACKOFF', 'worker:0: stopped', 0],
  ['stop worker:0', 'STOPPED', 'worker:0: ERROR (not running)', 0],
  ['stop worker:0', 'STOPPING', 'worker:0: ERROR (not running)', 0],
  ['stop worker:0', 'EXITED', 'worker:0: ERROR (not running)', 0],
  ['stop worker:0', 'FATAL', 'worker:0: ERROR (not running)', 0],
  ['stop worker:*', 'STOPPED', '', 0],
  ['stop nope:*', 'RUNNING', 'nope: ERROR (no such group)', 1],
  ['stop', 'RUNNING', 'Error: stop requires a process name', 2, 'supervisorctl: 1'],
  ['restart worker:0', 'RUNNING', 'worker:0: stopped\nworker:0: started', 0],
  ['restart worker:0', 'STOPPED', 'worker:0: ERROR (not running)\nworker:0: started', 0],
  ['restart all', 'STOPPED', 'worker:0: started', 0],
  ['signal HUP worker:0', 'RUNNING', 'worker:0: signalled', 0],
  ['signal 1 all', 'RUNNING', 'worker:0: signalled', 0],
  ['signal NOPE worker:0', 'RUNNING', 'worker:0: ERROR (bad signal name)', 1],
  ['signal NOPE all', 'STOPPED', 'worker:0: ERROR (bad signal name)', 1],
  ['signal HUP all', 'STOPPED', '', 0],
  ['signal HUP worker:7', 'RUNNING', 'worker:7: ERROR (no such process)', 1],
  ['signal HUP', 'RUNNING', 'Error: signal requires a signal name and a process name', 2, 'supervisorctl: 1'],
  ['status', 'STOPPED', `${'worker:0'.padEnd(33)}STOPPED   Not started`, 3],
  ['status', 'EXITED', `${'worker:0'.padEnd(33)}EXITED    Not started`, 3],
  ['status', 'FATAL', `${'worker:0'.padEnd(33)}FATAL     exited with code 1`, 3],
  ['status', 'BACKOFF', `${'worker:0'.padEnd(33)}BACKOFF   exited with code 1`, 3, 'supervisorctl: 0'],
  ['status', 'STARTING', `${'worker:0'.padEnd(33)}STARTING  `, 0],
  ['status', 'RUNNING', `${'worker:0'.padEnd(33)}RUNNING   pid 4312, uptime 0:00:00`, 0],
  ['status worker:7', 'RUNNING', 'worker:7: ERROR (no such process)', 4],
  ['status nope:*', 'RUNNING', 'nope: ERROR (no such group)', 4],
  ['pid', 'RUNNING', '4000', 0],
  ['pid supervisor', 'RUNNING', '4000', 0],
  ['pid worker:0', 'RUNNING', '4312', 0],
  ['pid worker:8000', 'RUNNING', '4312', 0],
  ['pid worker:0', 'STOPPED', '0', 7],
  ['pid all', 'STOPPED', '0', 0],
  ['pid nope', 'RUNNING', 'No such process nope', 1],
  ['avail', 'RUNNING', `${'worker:0'.padEnd(32)} in use    auto      100:999`, 0],
  ['avail x', 'RUNNING', 'Error: avail accepts no arguments', 2, 'supervisorctl: 1'],
  ['reread', 'RUNNING', 'No config updates to processes', 0],
  ['update', 'RUNNING', '', 0],
  ['update nope', 'RUNNING', 'ERROR: no such group: nope', 1],
  ['clear worker:0', 'RUNNING', 'worker:0: cleared', 0],
  ['clear all', 'RUNNING', 'worker:0: cleared', 0],
  ['clear nope', 'RUNNING', 'nope: ERROR (no such process)', 1],
  ['tail nope', 'RUNNING', 'nope: ERROR (no such process name)', 1],
  ['tail worker:0 stdin', 'RUNNING', "Error: bad channel 'stdin'", 2, 'supervisorctl: 1'],
  ['shutdown', 'RUNNING', 'Shut down', 0],
  ['reload', 'RUNNING', 'Restarted supervisord', 0],
  ['version', 'RUNNING', '1.2.3', 0],
]

describe('supervisorctl', () => {
  test.each(TABLE)('%s while it is %s', async (line, state, stdout, code) => {
    await pretend({ 'worker:0': state })
    expect(await run(`supervisorctl ${line}`)).toEqual({ code, stdout: stdout === '' ? '' : `${stdout}\n`, stderr: '' })
  })

  const asking = new Map(TABLE.filter(([, , , code]) => code === 0).map(([line]) => [line.split(' ', 1)[0], line]))
  test.each([...asking.values(), 'tail worker:0', 'maintail'])('%s without a supervisor is 4', async (line) => {
    const { supervisorSocket } = statePaths(dir)
    expect(await run(`supervisorctl ${line}`)).toEqual({
      code: 4,
      stdout: `unix://${supervisorSocket} no such file\n`,
      stderr: '',
    })
  })

  test('one that hangs is refused connection, and stderr tells that it does not answer', async () => {
    const { supervisorSocket } = prepareStateDir(dir)
    const mute = createServer()
    await new Promise<void>((resolve) => mute.listen(supervisorSocket, resolve))
    const result = await run('supervisorctl status')
    mute.close()
    expect(result).toEqual({
      code: 4,
      stdout: `unix://${supervisorSocket} refused connection\n`,
      stderr: expect.stringContaining(`no answer on ${supervisorSocket} within 2 s`),
    })
  })

  test('a process that does not come up is 7, and stderr says why', async () => {
    const failed = { id: 'worker:0', ok: false, state: 'BACKOFF', pid: null, ms: 1, reason: 'exited with code 1' }
    await pretend({ 'worker:0': 'STOPPED' }, { 'process.start': async () => [failed] })
    expect(await run('supervisorctl start worker:0')).toEqual({
      code: 7,
      stdout: 'worker:0: ERROR (spawn error)\n',
      stderr: 'worker:0: exited with code 1\n',
    })
  })

  test('a signal to a process that has gone is 7', async () => {
    const failed = { id: 'worker:0', ok: false, state: 'STOPPED', pid: null, ms: 1, reason: 'is not running' }
    await pretend({ 'worker:0': 'STOPPED' }, { 'process.signal': async () => [failed] })
    expect(await run('signal HUP worker:0')).toMatchObject({ code: 7, stdout: 'worker:0: ERROR (not running)\n' })
  })

  test('a rolling restart that stopped early names what was left alone', async () => {
    const results = [
      { id: 'worker:0', ok: false, state: 'FATAL', pid: null, ms: 1, reason: 'exited with code 1' },
      { id: 'worker:1', ok: false, state: 'RUNNING', pid: 4312, ms: 0, reason: 'worker:0 failed' },
    ]
    await pretend({ 'worker:0': 'RUNNING', 'worker:1': 'RUNNING' }, { 'process.restart': async () => results })
    expect(await run('supervisorctl restart worker:*')).toMatchObject({
      code: 7,
      stdout: 'worker:0: stopped\nworker:0: ERROR (spawn error)\nworker:1: ERROR (not restarted)\n',
    })
  })

  test('names are asked about in their order, and all replaces the others', async () => {
    const asked = await pretend({ 'balancer:0': 'STOPPED', 'worker:0': 'STOPPED', 'worker:1': 'RUNNING' })
    expect((await run('supervisorctl start worker:0 nope balancer')).stdout).toBe(
      'worker:0: started\nnope: ERROR (no such process)\nbalancer:0: started\n',
    )
    await run('supervisorctl stop worker:1 all')
    expect(asked).toEqual(['start worker:0', 'start balancer:0', 'stop balancer:0 worker:0 worker:1'])
  })
})

describe('reread and update', () => {
  const changes = { changed: ['workers.count', 'cache.memory', 'listen'], needRestart: ['listen'] }

  test('name the groups a file changes, and what waits for a new start', async () => {
    await pretend({}, { 'config.reload': async () => changes })
    const waits = 'takes effect after `imgsvc down` and `up`: listen\n'
    expect(await run('reread')).toEqual({
      code: 0,
      stdout: 'balancer: changed\nsupervisor: changed\nworker: changed\n',
      stderr: waits,
    })
    expect(await run('update')).toEqual({
      code: 0,
      stdout: 'balancer: updated process group\nworker: updated process group\n',
      stderr: waits,
    })
  })

  test('update refuses to apply half of a file', async () => {
    const dryRuns: unknown[] = []
    const reload = async ({ dryRun }: { dryRun: boolean }) => {
      dryRuns.push(dryRun)
      return changes
    }
    await pretend({}, { 'config.reload': reload })
    expect(await run('update worker')).toMatchObject({
      code: 1,
      stdout: 'ERROR: the file changes balancer too; `update` applies all of it\n',
    })
    expect(dryRuns).toEqual([true])
    expect((await run('update worker balancer')).code).toBe(0)
    expect(dryRuns).toEqual([true, true, false])
  })

  test('a file with a mistake is CANT_REREAD with its place, not a traceback', async () => {
    const fail = async () => {
      throw new ImgsvcError('CONFIG_INVALID', 'imgsvc.yaml:3:9: workers.count: expected a number\n')
    }
    await pretend({}, { 'config.reload': fail })
    for (const verb of ['reread', 'update']) {
      expect(await run(verb)).toEqual({
        code: 1,
        stdout:
          'ERROR: CANT_REREAD: The configuration is not valid:\nimgsvc.yaml:3:9: workers.count: expected a number\n',
        stderr: '',
      })
    }
  })
})

describe('tail', () => {
  async function* linesOf(...lines: string[]) {
    for (const line of lines) yield { id: 'worker:0', line }
  }

  test('shows the last bytes in whole lines, of the stream that was asked for', async () => {
    const asked: unknown[] = []
    const tail = async (params: unknown) => {
      asked.push(params)
      return linesOf('first', 'second', 'third')
    }
    await pretend({ 'worker:0': 'RUNNING' }, { 'log.tail': tail })
    expect(await run('tail -14 worker:0')).toEqual({ code: 0, stdout: 'second\nthird\n', stderr: '' })
    await run('tail worker:0 stderr')
    await run('maintail')
    expect(asked).toEqual([
      { select: ['worker:0'], stream: 'log', follow: false, lines: 14 },
      { select: ['worker:0'], stream: 'stderr', follow: false, lines: 1600 },
      { select: ['supervisor'], follow: false, lines: 1600 },
    ])
  })

  test('-f goes on with what comes', async () => {
    const tail = async ({ follow, lines }: { follow: boolean; lines: number }) =>
      follow ? linesOf(`the last ${lines}`, 'new') : linesOf('one', 'two')
    await pretend({ 'worker:0': 'RUNNING' }, { 'log.tail': tail })
    expect(await run('tail -f worker:0')).toMatchObject({ code: 0, stdout: 'the last 2\nnew\n' })
  })

  test('counts bytes, not characters, and keeps nothing that does not fit', async () => {
    expect(await newest(linesOf('ä', 'b'), 4)).toEqual(['b'])
    expect(await newest(linesOf('ä', 'b'), 5)).toEqual(['ä', 'b'])
    expect(await newest(linesOf('too long'), 3)).toEqual([])
  })
})

test('uptime is written as Python does, and the last exit in local time', () => {
  const now = new Date(2026, 10, 20, 22, 50).getTime()
  const since = now - 90_061_000
  const stopped = { ...processOf('worker:1', 'STOPPED'), lastExit: { code: 0, signal: null, at: now } }
  expect(statusLines([{ ...processOf('worker:0', 'RUNNING'), since }, stopped], now)).toEqual([
    `${'worker:0'.padEnd(33)}RUNNING   pid 4312, uptime 1 day, 1:01:01`,
    `${'worker:1'.padEnd(33)}STOPPED   Nov 20 10:50 PM`,
  ])
})

test.each(supervisorctl.members.map(({ name }) => name))('%s --help says what it does', async (verb) => {
  const log: string[] = []
  const { log: before } = console
  console.log = (text: string) => void log.push(text)
  try {
    expect((await run(`supervisorctl ${verb} --help`)).code).toBe(0)
  } finally {
    console.log = before
  }
  expect(log.join('\n')).toContain(`supervisorctl ${verb}`)
})

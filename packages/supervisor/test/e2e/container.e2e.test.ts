import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ProcessInfo } from '@imgsvc/core/control'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { placeFlags, shortDir } from './instance.ts'
import { freePorts } from './ports.ts'
import { processesOf } from './processes.ts'
import { cleanEnv, runCli } from './run-cli.ts'
import { until } from './until.ts'

const INIT = fileURLToPath(new URL('../../bin/imgsvc-init', import.meta.url))
const UNSHARE = ['--pid', '--fork', '--mount-proc', '--kill-child']
const canUnshare = spawnSync('unshare', [...UNSHARE, 'true']).status === 0

if (!canUnshare && process.env.CI === 'true')
  throw new Error('CI must be able to `unshare --pid` (util-linux, as root)')

// Its own process table, in which imgsvc-init is PID 1: what a container is to a process.
describe.runIf(canUnshare)('as PID 1 of a container (skipped without `unshare --pid`, which needs root)', () => {
  const home = shortDir()
  const stateDir = join(home, 's')
  let container: ChildProcess
  let printed = ''
  beforeAll(async () => {
    const flags = placeFlags(stateDir, await freePorts())
    container = spawn('unshare', [...UNSHARE, INIT, 'up', ...flags, '--workers', '1'], {
      cwd: home,
      env: cleanEnv(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [container.stdout, container.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        printed += text
      })
    }
    await untilReady(1)
  })
  afterAll(() => {
    container.kill('SIGKILL')
    rmSync(home, { recursive: true, force: true })
  })

  function untilReady(times: number) {
    return until(`it is ready for the ${times}. time`, () => {
      if (container.exitCode !== null) throw new Error(`it ended with ${container.exitCode}:\n${printed}`)
      return printed.match(/ is ready$/gm)?.length === times
    })
  }

  /** Pids as this process sees them, not those of the container. */
  const initPid = () => childrenOf(container.pid as number)[0] as number
  const supervisorPid = () => childrenOf(initPid()).find((pid) => readCommand(pid).includes('imgsvc.js')) as number

  async function status(): Promise<readonly ProcessInfo[]> {
    const { stdout, stderr } = await runCli(['status', '--json', '--state-dir', stateDir])
    if (stdout === '') throw new Error(stderr)
    return JSON.parse(stdout) as ProcessInfo[]
  }

  /** Runs a shell command among the processes of the container, as somebody else's child. */
  function inside(command: string): string {
    const namespaces = ['--target', String(initPid()), '--pid', '--mount']
    const { status, stdout, stderr } = spawnSync('nsenter', [...namespaces, 'sh', '-c', command], { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    return stdout.trim()
  }

  test('what others leave behind is reaped', async () => {
    const orphan = inside('sleep 1000 >/dev/null 2>&1 & echo $!')
    const entry = `/proc/${initPid()}/root/proc/${orphan}`
    expect(readFileSync(`${entry}/status`, 'utf8')).toMatch(/^PPid:\t1$/m)
    inside(`kill ${orphan}`)
    // A zombie keeps its entry.
    await until('it has ended and was waited for', () => !existsSync(entry))
  })

  test('a killed supervisor is started again and adopts the processes that went on', async () => {
    const before = await status()
    process.kill(supervisorPid(), 'SIGKILL')
    await untilReady(2)
    expect(printed).toContain('imgsvc-init: the supervisor was killed (exit code 137) and is started again')
    const after = await status()
    expect(after.map(({ id, pid, state }) => ({ id, pid, state }))).toEqual(
      before.map(({ id, pid }) => ({ id, pid, state: 'RUNNING' })),
    )
  })

  test('so is the successor of an upgrade', async () => {
    const upgrade = await runCli(['upgrade', '--state-dir', stateDir])
    expect(upgrade.code, upgrade.stderr).toBe(0)
    await until('the successor has taken over', () => printed.includes(' has taken over '))
    const successor = childrenOf(supervisorPid()).find((pid) => readCommand(pid).includes('--heir')) as number
    process.kill(successor, 'SIGKILL')
    await untilReady(3)
    expect((await status()).every(({ state }) => state === 'RUNNING')).toBe(true)
  })

  test('HUP reloads and TERM stops everything, with the exit code of the supervisor', async () => {
    const log = join(stateDir, 'logs', 'supervisor.log')
    process.kill(initPid(), 'SIGHUP')
    await until('it has read its configuration again', () =>
      readFileSync(log, 'utf8').includes('configuration reloaded'),
    )
    process.kill(initPid(), 'SIGTERM')
    await until('the container ends', () => container.exitCode !== null)
    expect({ code: container.exitCode, left: processesOf(stateDir) }).toEqual({ code: 0, left: [] })
  })
})

test('imgsvc-init ends with the exit code of a command that ends by itself', () => {
  const { status, stderr } = spawnSync(INIT, ['up', '--workers', 'many'], { env: cleanEnv(), encoding: 'utf8' })
  expect(status).toBe(2)
  expect(stderr).toContain('--workers: expected a whole number')
})

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

function readCommand(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    return '' // it has just ended
  }
}

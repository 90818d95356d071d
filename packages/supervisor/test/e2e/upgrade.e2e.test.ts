import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ProcessInfo } from '@imgsvc/core/control'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Instance, placeFlags, shortDir, startInstance } from './instance.ts'
import { freePorts } from './ports.ts'
import { isAlive, isSpare, processesOf } from './processes.ts'
import { copyRelease, type Release } from './release.ts'
import { runCli } from './run-cli.ts'
import { startTraffic } from './traffic.ts'
import { until } from './until.ts'

let release: Release
let instance: Instance | undefined
let mend = () => {}
beforeAll(() => {
  release = copyRelease()
})
afterAll(() => release?.remove())
afterEach(async () => {
  mend()
  mend = () => {}
  await instance?.stop()
  instance = undefined
})

const start = async (): Promise<Instance> => {
  release.setVersion('1.0.0')
  instance = await startInstance({ program: release.program, workers: 1 })
  return instance
}
const pids = (processes: readonly ProcessInfo[]) => processes.map(({ pid }) => pid as number)
const supervisorOf = (at: Instance) =>
  JSON.parse(readFileSync(join(at.stateDir, 'run/supervisor.json'), 'utf8')) as { pid: number }

async function underTraffic<T>(at: Instance, happens: () => Promise<T>): Promise<T> {
  const traffic = startTraffic(at)
  await until('traffic flows', () => traffic.answered() > 20)
  const result = await happens()
  const answered = traffic.answered()
  await until('traffic flows on', () => traffic.answered() > answered + 20)
  expect(await traffic.stop()).toEqual([])
  return result
}

describe('in the foreground', () => {
  test('new code takes over everywhere without a lost request; the first process waits for the last one', async () => {
    const running = await start()
    const before = await running.status()
    release.setVersion('1.1.0')
    const { code, stdout, stderr } = await underTraffic(running, () => running.cli('upgrade'))
    expect(code, stdout + stderr).toBe(0)
    const { pid } = supervisorOf(running)
    expect(pid).not.toBe(running.pid)
    expect(isAlive(running.pid)).toBe(true)
    expect(stdout).toMatch(new RegExp(`^supervisor {2}pid ${running.pid} -> ${pid} {2}\\d+\\.\\d s$`, 'm'))
    expect(Number(/ {2}(\d+\.\d) s\nimgsvc /.exec(stdout)?.[1])).toBeLessThanOrEqual(1)
    expect(stdout).toMatch(/^imgsvc 1\.0\.0 -> 1\.1\.0$/m)
    expect(running.printed()).toContain(`imgsvc 1.1.0 has taken over (pid ${pid})`)
    const after = await running.status()
    expect(after.map(({ id, state }) => `${id} ${state}`)).toEqual(before.map(({ id }) => `${id} RUNNING`))
    expect(pids(before).filter(isAlive)).toEqual([])
    // stop() sends SIGTERM to the first process and expects it to end with 0, and nothing left.
  })

  test('the new supervisor replaces what dies, and hands over again without a lost request', async () => {
    const running = await start()
    release.setVersion('1.1.0')
    expect((await running.cli('upgrade')).code).toBe(0)
    const killed = (await running.status()).find(({ id }) => id === 'worker:0')?.pid as number
    process.kill(killed, 'SIGKILL')
    await until('worker:0 is replaced', async () => {
      const one = (await running.status()).find(({ id }) => id === 'worker:0')
      return one?.state === 'RUNNING' && one.pid !== killed
    })
    const { pid } = supervisorOf(running)
    release.setVersion('1.2.0')
    const again = await underTraffic(running, () => running.cli('upgrade', '--json'))
    expect(again.code, again.stdout + again.stderr).toBe(0)
    expect(JSON.parse(again.stdout)).toMatchObject({ ok: true, from: '1.1.0', to: '1.2.0', previousPid: pid })
  })

  test.each([
    ['worker code that does not load', 'worker/dist/main.js', '\nthis is no JavaScript', /SyntaxError/],
    ['a worker that dies at once', 'worker/dist/main.js', '\nprocess.exit(9)', /exited with code 9/],
    [
      'a worker that makes wrong pictures',
      'worker/dist/self-test.js',
      '\nEXPECTED[0].rgb[0] = 0',
      /failed its self-test: expected about rgb/,
    ],
  ])('%s: the canary says why, and nothing was touched', async (_, file, text, reason) => {
    const running = await start()
    const before = await running.status()
    release.setVersion('1.1.0')
    mend = release.append(file, text)
    const { code, stdout, stderr } = await underTraffic(running, () => running.cli('upgrade'))
    expect(code).toBe(1)
    expect(stdout).toMatch(reason)
    expect(stdout).toMatch(/^worker:1 .* the canary did not pass, nothing else was touched/m)
    expect(stderr).toContain('the upgrade from 1.0.0 to 1.1.0 was given up')
    expect(pids(await running.status())).toEqual(pids(before))
    expect(supervisorOf(running).pid).toBe(running.pid)
    expect(processesOf(running.stateDir).filter((pid) => !isSpare(pid))).toHaveLength(1 + before.length)
  })

  test('a supervisor that does not load is found before anything was touched', async () => {
    const running = await start()
    const before = await running.status()
    mend = release.append('supervisor/dist/main.js', '\nthis is no JavaScript')
    const { code, stderr } = await running.cli('upgrade')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^imgsvc: The upgrade was given up: the code on disk does not start: /m)
    expect(pids(await running.status())).toEqual(pids(before))
  })

  test('a supervisor that loads and then fails gives the service back to the old one', async () => {
    const running = await start()
    release.setVersion('1.1.0')
    mend = release.append(
      'supervisor/dist/process/survivors.js',
      "\nfindSurvivors = async () => { throw new Error('broken on purpose') }",
    )
    const { code, stderr } = await underTraffic(running, () => running.cli('upgrade'))
    expect(code).toBe(1)
    expect(stderr).toMatch(/the new supervisor failed and the old one \(1\.0\.0, pid \d+\) is back/)
    expect(running.printed()).toContain('broken on purpose')
    expect(supervisorOf(running).pid).toBe(running.pid)
    expect((await running.cli('restart', 'worker:0')).code).toBe(0)
  })
})

test('detached: the old supervisor ends, the new one is of the same kind', async () => {
  release.setVersion('2.0.0')
  const home = shortDir()
  const stateDir = join(home, 's')
  const ports = await freePorts()
  const program = { program: release.program }
  const cli = (...args: string[]) => runCli([...args, '--state-dir', stateDir], program)
  const up = await runCli(['up', '--detach', '--workers', '1', ...placeFlags(stateDir, ports)], program)
  try {
    expect(up.code, up.stderr).toBe(0)
    const { pid } = supervisorOf({ stateDir } as Instance)
    release.setVersion('2.1.0')
    const { code, stdout, stderr } = await cli('upgrade')
    expect(code, stdout + stderr).toBe(0)
    expect(stdout).toMatch(/^imgsvc 2\.0\.0 -> 2\.1\.0$/m)
    await until('the old supervisor has ended', () => !isAlive(pid))
    expect((await cli('status')).code).toBe(0)
    expect(processesOf(stateDir).filter((pid) => !isSpare(pid))).toHaveLength(3)
  } finally {
    expect((await cli('down')).code).toBe(0)
  }
  expect(processesOf(home)).toEqual([])
  rmSync(home, { recursive: true })
})

test('under an init system the supervisor ends, and the one that is started again adopts', async () => {
  release.setVersion('3.0.0')
  const first = await startInstance({ program: release.program, workers: 1, env: { NOTIFY_SOCKET: '/nowhere' } })
  const before = await first.status()
  release.setVersion('3.1.0')
  const upgrading = first.cli('upgrade')
  await until('the supervisor has ended', () => !isAlive(first.pid), 50_000)
  instance = await startInstance({ program: release.program, workers: 1, inPlaceOf: first })
  const { code, stdout, stderr } = await upgrading
  expect(code, stdout + stderr).toBe(0)
  expect(stdout).toMatch(/^imgsvc 3\.0\.0 -> 3\.1\.0$/m)
  expect(pids(before).filter(isAlive)).toEqual([])
  expect((await instance.cli('status')).code).toBe(0)
})

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { ProcessInfo } from '@imgsvc/core/control'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Instance, placeFlags, startInstance } from './instance.ts'
import { isAlive, processesOf } from './processes.ts'
import { runCli } from './run-cli.ts'
import { startTraffic } from './traffic.ts'
import { until } from './until.ts'

let instance: Instance
beforeEach(async () => {
  instance = await startInstance({ workers: 2 })
})
afterEach(() => instance?.stop())

const pidsOf = (processes: readonly ProcessInfo[]) => processes.map(({ id, pid }) => `${id} ${pid}`)
const supervisorLog = () => readFileSync(join(instance.stateDir, 'logs', 'supervisor.log'), 'utf8')
const times = (text: string) => supervisorLog().split(text).length - 1

async function flowing<T>(happens: () => Promise<T>): Promise<T> {
  const traffic = startTraffic(instance)
  await until('traffic flows', () => traffic.answered() > 20)
  const result = await happens()
  const answered = traffic.answered()
  await until('traffic flows on', () => traffic.answered() > answered + 20)
  expect(await traffic.stop()).toEqual([])
  return result
}

test('SIGTERM in the middle of a rolling restart, and again: one stop, nothing is left, the restart says so', async () => {
  const restarting = instance.cli('restart', 'worker')
  await until('the surge is there', async () => (await instance.status()).some(({ surge }) => surge))
  for (let n = 0; n < 5; n++) instance.signal('SIGTERM')
  const { code } = await restarting
  expect(code).not.toBe(0)
  await until('everything has ended', () => processesOf(instance.stateDir).length === 0)
  expect(times('"msg":"imgsvc is stopping"')).toBe(1)
  expect(times('"msg":"imgsvc has stopped"')).toBe(1)
})

test('a hundred SIGHUPs change nothing and nothing breaks', async () => {
  const before = pidsOf(await instance.status())
  await flowing(async () => {
    for (let n = 0; n < 100; n++) instance.signal('SIGHUP')
    await until('they have been heard', () => times('"msg":"configuration reloaded"') > 0)
    expect((await instance.cli('reload')).stdout).toBe('nothing changed\n')
  })
  expect(pidsOf(await instance.status())).toEqual(before)
  expect(times('"msg":"reload failed"')).toBe(0)
})

test('down under load: what is in flight is finished, then nothing is left', async () => {
  const fetchOne = async (n: number) => {
    const response = await instance.get(`${2000 + n}x1500/filters:blur(150)/flower.jpg`)
    return [response.status, (await response.arrayBuffer()).byteLength > 1000]
  }
  const inFlight = Promise.all([1, 2, 3, 4].map(fetchOne))
  await until('they are under way', async () =>
    (await instance.status()).some(({ id, inFlight: count }) => id === 'balancer:0' && (count ?? 0) > 0),
  )
  // How long the pictures take is up to the machine.
  const down = await instance.cli('down', '--timeout', '50')
  expect(await inFlight).toEqual(Array.from({ length: 4 }, () => [200, true]))
  expect(down.code, down.stderr).toBe(0)
  expect(processesOf(instance.stateDir)).toEqual([])
})

test('a supervisor that is frozen harms nobody, and goes on where it was', async () => {
  const before = await instance.status()
  await flowing(async () => {
    instance.signal('SIGSTOP')
    await pause(3000)
    instance.signal('SIGCONT')
  })
  expect(pidsOf(await instance.status())).toEqual(pidsOf(before))
})

test('a run directory that is removed is there again within a second or two, and a second up is refused all the while', async () => {
  const run = join(instance.stateDir, 'run')
  const names = (name: string) => /^(supervisor|balancer-0|worker-\d|config|upstreams)\.(json|sock)$/.test(name)
  const before = readdirSync(run).filter(names).sort()
  await flowing(async () => {
    // In one step: what is put back meanwhile must not be in the way.
    renameSync(run, join(instance.home, 'gone'))
    const removedAt = performance.now()
    await until(
      'everything is there again',
      () => existsSync(run) && before.every((name) => existsSync(join(run, name))),
    )
    expect(performance.now() - removedAt).toBeLessThan(3000)
    const second = await runCli(['up', ...placeFlags(instance.stateDir, instance.ports)])
    expect([second.code, second.stderr]).toEqual([1, expect.stringContaining(`pid ${instance.pid} uses`)])
  })
  expect((await instance.cli('status')).code).toBe(0)
})

test('a stranger on the port of a worker never gets a request; the worker is back once it has left', async () => {
  await flowing(async () => {
    expect((await instance.cli('stop', 'worker:1')).code).toBe(0)
    const asked: string[] = []
    const stranger = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.end('I am no worker')
    })
    const port = instance.ports.workers + 1
    await new Promise<void>((resolve) => stranger.listen(port, '127.0.0.1', resolve))
    const { code, stdout } = await instance.cli('start', 'worker:1')
    expect([code, stdout]).toEqual([7, expect.stringContaining(`port ${port} is taken by pid ${process.pid} (`)])
    await new Promise((resolve) => stranger.close(resolve))
    const leftAt = performance.now()
    await until('that is noticed', () => times('"msg":"the port is free again"') > 0)
    expect(performance.now() - leftAt).toBeLessThan(5000)
    await instance.untilState('worker:1', 'RUNNING')
    expect(asked).toEqual([])
  })
})

test('killed processes leave no zombies', async () => {
  for (const { id, pid } of await instance.status()) {
    process.kill(pid as number, 'SIGKILL')
    await until(`${id} is replaced`, async () => {
      const one = (await instance.status()).find((process) => process.id === id)
      return one?.state === 'RUNNING' && one.pid !== pid
    })
  }
  const children = execFileSync('ps', ['-o', 'stat=', '--ppid', String(instance.pid)], { encoding: 'utf8' })
  expect(children.trim().split('\n')).toHaveLength(3)
  expect(children).not.toMatch(/^Z/m)
  expect(isAlive(instance.pid)).toBe(true)
})

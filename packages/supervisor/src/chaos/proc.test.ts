import { spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { cpuMsOf, isAlive, machineCpuMs, processesOf, processState, rssOf, signal, timeWaits } from './proc.ts'
import { until } from './until.ts'

describe.runIf(process.platform === 'linux')('what /proc tells', () => {
  test('about this process', () => {
    expect(isAlive(process.pid)).toBe(true)
    expect(rssOf(process.pid)).toBeGreaterThan(10 * 1024 ** 2)
    expect(cpuMsOf(process.pid)).toBeGreaterThan(0)
    expect(machineCpuMs()).toBeGreaterThanOrEqual(cpuMsOf(process.pid))
  })

  test('about a process that is stopped, goes on and ends', async () => {
    const name = `chaos-proc-test-${process.pid}`
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', name], { stdio: 'ignore' })
    const pid = child.pid as number
    const wait = { withinMs: 10_000 }
    expect(await until(() => processesOf(name).includes(pid), wait)).toBe(true)
    signal(pid, 'SIGSTOP')
    expect(await until(() => processState(pid) === 'T', wait)).toBe(true)
    expect(isAlive(pid)).toBe(true)
    signal(pid, 'SIGCONT')
    signal(pid, 'SIGKILL')
    expect(await until(() => child.signalCode !== null, wait)).toBe(true)
    expect([isAlive(pid), processState(pid), rssOf(pid), cpuMsOf(pid)]).toEqual([false, undefined, 0, 0])
    expect([signal(pid, 'SIGCONT'), processesOf(name)]).toEqual([false, []])
  })

  test('about connections that the server closed first', async () => {
    const server = createServer((socket) => socket.end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    expect(timeWaits(port)).toBe(0)
    for (let i = 0; i < 3; i += 1) {
      const socket = connect(port, '127.0.0.1').resume()
      await new Promise((resolve) => socket.once('close', resolve))
    }
    await new Promise((resolve) => server.close(resolve))
    expect(await until(() => timeWaits(port) === 3, { withinMs: 5000 })).toBe(true)
  })
})

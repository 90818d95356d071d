import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Instance, startInstance } from './instance.ts'
import { until } from './until.ts'

let instance: Instance
const CONFIG = 'sources: [{ type: file, root: . }]\n'
beforeAll(async () => {
  instance = await startInstance({ config: CONFIG })
})
afterAll(() => instance.stop())

const ctl = async (line: string) => {
  const { code, stdout } = await instance.cli('supervisorctl', ...line.split(' '))
  return { code, lines: stdout.split('\n').slice(0, -1) }
}

test("a script's usual round: status, stop, status, start, restart", async () => {
  const { code, lines } = await ctl('status')
  expect(code).toBe(0)
  expect(lines).toHaveLength((await instance.status()).length)
  for (const line of lines) {
    expect(line).toMatch(/^(worker|balancer):\d {20,}RUNNING {3}pid \d+, uptime \d:\d\d:\d\d$/)
  }
  expect(await ctl('stop worker:1')).toEqual({ code: 0, lines: ['worker:1: stopped'] })
  const stopped = await ctl('status worker:*')
  expect(stopped.code).toBe(3)
  expect(stopped.lines[1]).toMatch(/^worker:1 +STOPPED {3}[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M$/)
  expect(await ctl('pid worker:1')).toEqual({ code: 7, lines: ['0'] })
  expect(await ctl('start worker:1')).toEqual({ code: 0, lines: ['worker:1: started'] })
  expect(await ctl(`restart worker:${instance.ports.workers}`)).toEqual({
    code: 0,
    lines: ['worker:0: stopped', 'worker:0: started'],
  })
})

test('pid, signal, tail, clear and maintail reach the processes and their files', async () => {
  const [pid = ''] = (await ctl('pid worker:0')).lines
  expect(Number(pid)).toBe((await instance.status()).find(({ id }) => id === 'worker:0')?.pid)
  expect((await instance.cli('pid')).stdout).toBe(`${instance.pid}\n`)
  expect((await instance.cli('tail', '-20000', 'worker:0')).stdout).toContain('"msg":"ready"')
  expect((await instance.cli('maintail', '-20000')).stdout).toContain('"id":"supervisor"')
  expect((await instance.cli('clear', 'worker:0')).stdout).toBe('worker:0: cleared\n')
  expect(readFileSync(join(instance.home, 'logs', 'worker-0.log'), 'utf8')).not.toContain('"msg":"ready"')
  expect((await instance.cli('signal', 'KILL', 'worker:0')).stdout).toBe('worker:0: signalled\n')
  await until('another one is there', async () => {
    const worker = (await instance.status()).find(({ id }) => id === 'worker:0')
    return worker?.state === 'RUNNING' && worker.pid !== Number(pid)
  })
})

test('a mistake in the file is CANT_REREAD; a change is named, and applied by update', async () => {
  writeFileSync(instance.configFile, `${CONFIG}images: { quality: best }\n`)
  const refused = await instance.cli('reread')
  expect(refused.code).toBe(1)
  expect(refused.stdout).toMatch(/^ERROR: CANT_REREAD: .*imgsvc\.yaml:2:\d+: images\.quality/)
  writeFileSync(instance.configFile, `${CONFIG}images: { quality: 70 }\n`)
  expect(await ctl('reread')).toEqual({ code: 0, lines: ['worker: changed'] })
  expect(await ctl('update')).toEqual({ code: 0, lines: ['worker: updated process group'] })
  expect(await ctl('reread')).toEqual({ code: 0, lines: ['No config updates to processes'] })
})

test('shutdown returns at once, and the supervisor ends', async () => {
  expect(await ctl('shutdown')).toEqual({ code: 0, lines: ['Shut down'] })
  await until('it does not answer any more', async () => (await ctl('status')).code === 4)
})

import type { ProcessInfo } from '@imgsvc/core/control'
import { expect, test } from 'vitest'
import { startInstance } from './instance.ts'
import { isAlive } from './processes.ts'
import { runCli } from './run-cli.ts'
import { until } from './until.ts'

type Row = ProcessInfo & { readonly source?: string; readonly alive?: boolean; readonly answers?: boolean }

test('status tells the truth within a second, and within two from the run files when the supervisor is no help', async () => {
  const it = await startInstance({ workers: 2 })
  try {
    const before = await it.status()
    const victim = before.find(({ id }) => id === 'worker:0') as ProcessInfo
    process.kill(victim.pid as number, 'SIGKILL')
    await until(
      'the dead pid is not shown as RUNNING any more',
      async () => !(await it.status()).some(({ pid, state }) => pid === victim.pid && state === 'RUNNING'),
      1000,
    )
    await it.untilState('worker:0', 'RUNNING')
    const healthy = await it.status()

    process.kill(it.pid, 'SIGSTOP')
    const hung = await timed(() => it.cli('status', '--json'))
    const table = await it.cli('status', 'worker')
    process.kill(it.pid, 'SIGCONT')
    expect(hung.result).toMatchObject({ code: 4, stderr: expect.stringContaining('no answer on') })
    expect(hung.ms).toBeLessThan(2000)
    const rows = JSON.parse(hung.result.stdout) as Row[]
    expect(rows.map(({ id, pid, state }) => [id, pid, state])).toEqual(
      healthy.map(({ id, pid, state }) => [id, pid, state]),
    )
    for (const row of rows) expect(row).toMatchObject({ source: 'run-file', alive: true, answers: true })
    expect(table.code).toBe(4)
    expect(table.stderr).toContain(
      `the supervisor, pid ${it.pid}, lives but does not answer; these rows come from the run files`,
    )
    expect(table.stdout).toMatch(/^worker:1 +RUNNING/m)
    expect(table.stdout).not.toMatch(/^balancer/m)

    await it.killSupervisor()
    const lost = (healthy.find(({ id }) => id === 'worker:1') as ProcessInfo).pid as number
    process.kill(lost, 'SIGKILL')
    await until('it has died', () => !isAlive(lost))
    const dead = await it.cli('status', '--json')
    expect(dead.code).toBe(4)
    expect(Object.fromEntries((JSON.parse(dead.stdout) as Row[]).map(({ id, alive }) => [id, alive]))).toMatchObject({
      ...{ 'worker:0': true, 'worker:1': false, 'balancer:0': true },
    })
    expect((await it.cli('status')).stderr).toContain(`the supervisor, pid ${it.pid}, is gone`)
    const down = await it.cli('down')
    expect(down.code).toBe(4)
    expect(down.stderr).toContain(`the supervisor, pid ${it.pid}, is gone, and balancer:0, worker:0 go on serving`)
    expect(down.stderr).toContain('`imgsvc up` adopts them')
    const logs = await it.cli('logs', 'worker:1', '-n', '1', '--json')
    expect({
      code: logs.code,
      lines: logs.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    }).toEqual({
      ...{ code: 0, lines: ['worker:1'] },
    })
    expect(logs.stderr).toContain('these lines come from the files in')
    expect((await it.cli('logs', 'worker:9')).code).toBe(2)
    const doctor = JSON.parse((await it.cli('doctor', '--json')).stdout)
    expect(doctor.findings).toContainEqual(
      expect.objectContaining({ check: 'instance', level: 'warn', todo: '`imgsvc up` adopts them' }),
    )
  } finally {
    for (const { pid } of JSON.parse((await it.cli('status', '--json')).stdout || '[]') as Row[]) {
      if (pid !== null) process.kill(pid, 'SIGKILL')
    }
    await it.stop().catch(() => {})
  }
})

test('where nothing runs, --json is an empty list with exit code 4', async () => {
  const { code, stdout } = await runCli(['status', '--json', '--state-dir', '/nowhere/at/all'])
  expect({ code, stdout }).toEqual({ code: 4, stdout: '[]\n' })
})

async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const began = performance.now()
  const result = await work()
  return { result, ms: performance.now() - began }
}

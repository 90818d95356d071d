import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Instance, startInstance } from './instance.ts'
import { until } from './until.ts'

let instance: Instance
beforeAll(async () => {
  instance = await startInstance({ args: ['--set', 'logs.maxBytes=20KB', '--set', 'logs.backups=500'] })
})
afterAll(() => instance?.stop())

/** The log files of one process, the one being written included. */
function filesOf(name: string): readonly string[] {
  const dir = join(instance.stateDir, 'logs')
  return readdirSync(dir)
    .filter((file) => file === `${name}.log` || new RegExp(`^${name}\\.log\\.\\d+(\\.gz)?$`).test(file))
    .map((file) => join(dir, file))
}

/** The text of a log file; nothing when a rotation or compression has just taken it elsewhere. */
function textOf(file: string): string {
  try {
    const bytes = readFileSync(file)
    return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

const isPlain = (file: string) => !file.endsWith('.gz')

/** Every request id in the access log, in no order. */
function loggedIds(): readonly string[] {
  return filesOf('balancer-0').flatMap((file) =>
    [...textOf(file).matchAll(/^\{.*"requestId":"(e2e-[\w-]+)".*\}$/gm)].map((match) => match[1] as string),
  )
}

test('rotation under traffic loses and doubles no access line', async () => {
  const sent: string[] = []
  const clients = Array.from({ length: 4 }, async (_, client) => {
    // Rotation is looked for once a second: spread over several of them.
    for (let i = 0; i < 150; i += 1) {
      const id = `e2e-${client}-${i}`
      const response = await instance.get('60x40/chelsea.png', { 'x-request-id': id })
      await response.arrayBuffer()
      expect([response.status, response.headers.get('x-request-id')]).toEqual([200, id])
      sent.push(id)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })
  await Promise.all(clients)
  // The files are rotated and compressed while they are read: look until the picture is whole.
  await until('every request is in the log', () => new Set(loggedIds()).size >= sent.length)
  await until('the rotated files are compressed', () => filesOf('balancer-0').filter(isPlain).length <= 2)
  expect([...loggedIds()].sort()).toEqual([...sent].sort())
  expect(filesOf('balancer-0').length).toBeGreaterThan(2)
})

test('logs shows the newest lines across rotated files', async () => {
  const { code, stdout, stderr } = await instance.cli('logs', 'balancer', '-n', '200')
  expect(code, stderr).toBe(0)
  const ids = [...stdout.matchAll(/"requestId":"(e2e-[\w-]+)"/g)].map((match) => match[1])
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.length).toBeGreaterThan(190)
})

test('logs finds one request, in compressed files too, and lines by time and level', async () => {
  const begin = Date.now()
  const one = await instance.cli('logs', '--request-id', 'e2e-0-0')
  expect(one.code, one.stderr).toBe(0)
  const lines = one.stdout.trimEnd().split('\n')
  expect(lines.filter((line) => line.startsWith('balancer:'))).toHaveLength(1)
  for (const line of lines) expect(line).toContain('"requestId":"e2e-0-0"')
  const all = await instance.cli('logs', 'balancer', '--since', '1h', '--json')
  expect(all.stdout.trimEnd().split('\n').length).toBeGreaterThan(600)
  expect(JSON.parse(all.stdout.split('\n')[0] as string)).toMatchObject({ id: expect.stringMatching(/^balancer:/) })
  const none = await instance.cli('logs', 'balancer', '--since', new Date(begin + 3_600_000).toISOString())
  expect([none.code, none.stdout]).toEqual([0, ''])
  const loud = await instance.cli('logs', '--level', 'fatal')
  expect([loud.code, loud.stdout]).toEqual([0, ''])
  const wrong = await instance.cli('logs', '--since', 'soon')
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('since: expected 10m')])
})

test('after another program has moved the files, logs --reopen goes on in new ones, as SIGUSR2 does', async () => {
  const log = join(instance.stateDir, 'logs', 'supervisor.log')
  const has = (file: string) => () => existsSync(file)
  renameSync(log, `${log}.moved`)
  const { code, stdout } = await instance.cli('logs', '--reopen')
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^\d+ processes have opened their logs anew\n$/)])
  await until('the log is there again', has(log))
  renameSync(log, `${log}.moved`)
  process.kill(instance.pid, 'SIGUSR2')
  await until('the log is there again', has(log))
})

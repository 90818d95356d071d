import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
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
    .filter((file) => file === `${name}.log` || new RegExp(`^${name}\\.log\\.\\d+$`).test(file))
    .map((file) => join(dir, file))
}

/** Every request id in the access log, in no order. */
function loggedIds(): readonly string[] {
  return filesOf('balancer-0').flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^\{.*"requestId":"(e2e-[\w-]+)".*\}$/gm)].map(
      (match) => match[1] as string,
    ),
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
  await until('every request is in the log', () => loggedIds().length >= sent.length)
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

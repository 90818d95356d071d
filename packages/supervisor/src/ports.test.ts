import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { configSchema } from '@imgsvc/core/config/schema'
import { afterEach, expect, test } from 'vitest'
import { listeningInodes, portHolder } from './port-holder.ts'
import { checkPorts, neededPorts } from './ports.ts'

const servers: Server[] = []
const children: ChildProcess[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

const LISTENER = `const s = require('net').createServer().listen(0, '127.0.0.1', () => console.log(s.address().port))`

async function foreignPort(): Promise<{ port: number; pid: number }> {
  const child = spawn(process.execPath, ['-e', LISTENER], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { port: Number(line.toString()), pid: child.pid as number }
}

async function ownPort(host = '127.0.0.1'): Promise<number> {
  const server = createServer().listen(0, host)
  servers.push(server)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const needed = (port: number, flag = '--listen') => ({
  address: { host: '127.0.0.1', port },
  what: 'the public port',
  flag,
})

test('free ports pass, and stay free', async () => {
  const port = await ownPort()
  servers.pop()?.close()
  await checkPorts([needed(port)])
  await checkPorts([needed(port), needed(0)])
})

test.runIf(process.platform === 'linux')('a taken port names pid and command of its holder and the flag', async () => {
  const { port, pid } = await foreignPort()
  await expect(checkPorts([needed(port)])).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    detail: expect.stringMatching(new RegExp(`port ${port} is taken by pid ${pid} \\(.*createServer.*--listen`)),
  })
})

test('a port that an adopted child holds is no obstacle', async () => {
  const [ours, foreign] = [await ownPort(), await ownPort()]
  await checkPorts([needed(ours)], new Set([ours]))
  const error = await checkPorts([needed(ours), needed(foreign)], new Set([ours])).catch((reason: Error) => reason)
  expect(String(error)).toContain(String(foreign))
  expect(String(error)).not.toContain(String(ours))
})

test('all taken ports are reported at once', async () => {
  const [first, second] = [await ownPort(), await ownPort()]
  const error = await checkPorts([needed(first), needed(second, '--admin')]).catch((reason: Error) => reason)
  expect(String(error)).toContain(String(first))
  expect(String(error)).toContain(String(second))
  expect(String(error)).toContain('--admin')
})

test('an address this machine does not have is refused with the reason', async () => {
  const ports = [{ address: { host: '192.0.2.1', port: 8080 }, what: 'the admin port', flag: '--admin' }]
  await expect(checkPorts(ports)).rejects.toMatchObject({
    code: 'PROCESS_FAILED',
    detail: expect.stringContaining('--admin'),
  })
})

test('two uses of one port and ports past 65535 are mistakes of the configuration', async () => {
  const config = configSchema.parse({ listen: '0.0.0.0:8002', admin: { listen: '127.0.0.1:9001' } })
  await expect(checkPorts(neededPorts(config, 4))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    detail: 'port 8002 is both the public port and worker:2; change --worker-port',
  })
  const high = configSchema.parse({ workers: { basePort: 65_534 } })
  await expect(checkPorts(neededPorts(high, 3))).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})

test('the kernel table is read by port and state', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1
   1: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 222 1
   2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1
`
  expect(listeningInodes(table, 8080)).toEqual(['111'])
  expect(listeningInodes(table, 80)).toEqual([])
})

test.runIf(process.platform === 'linux')('a port nobody listens on has no holder', async () => {
  const port = await ownPort()
  expect(await portHolder(port)).toMatchObject({ pid: process.pid })
  const server = servers.pop() as Server
  await new Promise((resolve) => server.close(resolve))
  expect(await portHolder(port)).toBeUndefined()
})

import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect, type Server as NetServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { UpstreamEntry } from '@imgsvc/core/child-control'
import { systemClock } from '@imgsvc/core/clock'
import { configSchema } from '@imgsvc/core/config/schema'
import { createLog } from '@imgsvc/core/log'
import { type Balancer, createBalancer } from '../src/app.ts'

const closing: (() => unknown)[] = []

/** For afterEach: closes everything the test started, last first. */
export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close()
}

export interface TestWorker {
  readonly server: Server
  readonly port: number
  /** Connections accepted so far. */
  connections(): number
}

export async function portOf(server: NetServer, port = 0): Promise<number> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A real upstream HTTP server. */
export async function startWorker(listener: RequestListener, port = 0): Promise<TestWorker> {
  let connections = 0
  const server = createServer({ keepAliveTimeout: 30_000 }, listener)
  server.on('connection', () => connections++)
  const bound = await portOf(server, port)
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { server, port: bound, connections: () => connections }
}

/** A port on which nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const port = await portOf(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

export const entry = (index: number, port: number, fields: Partial<UpstreamEntry> = {}): UpstreamEntry => ({
  id: `worker:${index}`,
  host: '127.0.0.1',
  port,
  state: 'up',
  generation: 1,
  ...fields,
})

export interface TestBalancer {
  readonly balancer: Balancer
  readonly port: number
  /** Access log so far. */
  lines(): Record<string, unknown>[]
  announce(...entries: UpstreamEntry[]): void
}

export interface TestSettings {
  readonly balancer?: Record<string, unknown>
  readonly limits?: Record<string, unknown>
  readonly maxClients?: number
}

/** A balancer on a free port in front of workers on these ports. */
export async function startBalancer(ports: readonly number[], settings: TestSettings = {}): Promise<TestBalancer> {
  const { balancer: given, limits } = settings
  const config = configSchema.parse({ sources: [], balancer: given, limits })
  const file = join(mkdtempSync(join(tmpdir(), 'bal-')), 'balancer-0.log')
  const log = createLog({ file, level: 'info', base: { id: 'balancer:0', pid: process.pid } })
  const balancer = createBalancer({
    id: 'balancer:0',
    config,
    log: log.log,
    clock: systemClock,
    sample: () => ({ rssBytes: 1, cpuSeconds: 2, loopLagSeconds: 3, logDropped: 4 }),
    isDraining: () => false,
    maxClients: settings.maxClients ?? Number.POSITIVE_INFINITY,
  })
  let version = 0
  const announce = (...upstreams: UpstreamEntry[]) => {
    version++
    balancer.pool.replace({ version, upstreams })
  }
  announce(...ports.map((port, index) => entry(index, port)))
  const port = await portOf(balancer.server)
  closing.push(log.close, () => balancer.stop(100))
  const lines = () =>
    readFileSync(file, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { balancer, port, lines, announce }
}

/** A connection to this port that collects what it gets. */
export function dial(port: number): { socket: Socket; text(): string; closed: Promise<string> } {
  const socket = connect({ port, host: '127.0.0.1' })
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    text += chunk
  })
  const closed = new Promise<string>((resolve) => {
    let end = 'closed'
    socket.on('error', (error: NodeJS.ErrnoException) => {
      end = error.code ?? 'error'
    })
    socket.on('close', () => resolve(end))
  })
  closing.push(() => socket.destroy())
  return { socket, text: () => text, closed }
}

/** Sends bytes as they are and resolves with the whole answer once the other side closes. */
export async function exchangeRaw(port: number, request: string): Promise<string> {
  const connection = dial(port)
  connection.socket.write(request, 'latin1')
  await connection.closed
  return connection.text()
}

/** `GET` of a raw target on a connection that closes afterwards. */
export function getRaw(port: number, target: string, ...headers: string[]): Promise<string> {
  return exchangeRaw(port, [`GET ${target} HTTP/1.1`, 'Host: h', 'Connection: close', ...headers, '', ''].join('\r\n'))
}

export const statusOf = (answer: string): number => Number(answer.slice(9, 12))
export const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4)

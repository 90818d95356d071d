import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { formatHostPort, type HostPort } from '@imgsvc/core/config/setting'
import type { ControlHandlers } from '@imgsvc/core/control'
import { errorBody, ImgsvcError, toImgsvcError } from '@imgsvc/core/errors'
import type { Logger } from '@imgsvc/core/log'
import { createRpcHandler } from '@imgsvc/core/rpc-handler'
import { STATUS_PAGE, STATUS_PAGE_POLICY } from '../dashboard/page.ts'
import type { Exposition } from '../metrics/collect.ts'
import { checkAccess } from './access.ts'
import { sendEvents } from './event-route.ts'

export interface AdminOptions {
  readonly listen: HostPort
  readonly handlers: ControlHandlers
  readonly log: Logger
  /** Bearer token of this moment; empty when none is configured. */
  token(): string
  metrics(): Promise<Exposition>
}

export interface AdminServer {
  /** The port bound; another than configured only when that was 0. */
  readonly port: number
  close(): Promise<void>
}

type Route = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void

/** Open to everybody: they tell nothing and change nothing. */
const PUBLIC_PATHS: ReadonlySet<string> = new Set(['/', '/healthz'])
const CLOSE_GRACE_MS = 1000

/**
 * The admin port: `GET /metrics`, `GET /v1/processes`, `GET /v1/events`, `POST /v1/<method>`, `GET /healthz` and a status page at `/`.
 * Throws PORT_TAKEN.
 */
export async function serveAdmin(options: AdminOptions): Promise<AdminServer> {
  const rpc = createRpcHandler(options.handlers, options.log)
  const closing = new AbortController()
  const pages = readingRoutes(options, closing.signal)
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 30_000 }, (request, response) => {
    route(request, response).catch((error: unknown) => sendError(response, toImgsvcError(error)))
  })

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?', 1)[0] as string
    const { method = '', headers, socket } = request
    response.setHeader('cache-control', 'no-store')
    response.setHeader('x-content-type-options', 'nosniff')
    if (!PUBLIC_PATHS.has(path)) {
      checkAccess(
        { method, headers, address: socket.remoteAddress },
        { token: options.token(), host: options.listen.host },
      )
    }
    if (method === 'POST') return rpc.handle(request, response)
    if (method !== 'GET' && method !== 'HEAD') throw new ImgsvcError('METHOD_NOT_ALLOWED', `${method} ${path}`)
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined
    if (page) return page(request, response)
    // The methods exist, but a GET must not change anything.
    if (path.startsWith('/v1/')) throw new ImgsvcError('METHOD_NOT_ALLOWED', `${path} is called with POST`)
    throw new ImgsvcError('URL_NOT_FOUND', path)
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code === 'EADDRINUSE' ? 'PORT_TAKEN' : 'PROCESS_FAILED'
      const detail = `the admin port ${formatHostPort(options.listen)}: ${error.message}; change --admin`
      reject(new ImgsvcError(code, detail, { cause: error }))
    })
    server.listen(options.listen, resolve)
  })
  server.on('error', (error) => options.log.warn({ err: error }, 'the admin port reported an error'))

  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      rpc.abort()
      closing.abort()
      const force = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
      await new Promise((resolve) => {
        server.close(resolve)
        server.closeIdleConnections()
      })
      clearTimeout(force)
    },
  }
}

function readingRoutes({ handlers, metrics }: AdminOptions, closing: AbortSignal): Readonly<Record<string, Route>> {
  return {
    '/': (_, response) => {
      response.setHeader('content-security-policy', STATUS_PAGE_POLICY)
      send(response, 200, 'text/html; charset=utf-8', STATUS_PAGE)
    },
    '/healthz': (_, response) => send(response, 200, 'text/plain', 'ok\n'),
    '/metrics': async (_, response) => {
      const { text, contentType } = await metrics()
      send(response, 200, contentType, text)
    },
    '/v1/processes': async (_, response) => {
      const processes = await handlers['process.list']({}, AbortSignal.timeout(CLOSE_GRACE_MS))
      send(response, 200, 'application/json', `${JSON.stringify(processes)}\n`)
    },
    '/v1/events': (request, response) => sendEvents(request, response, handlers.events, closing),
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  // For HEAD node:http leaves the body out.
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
}

function sendError(response: ServerResponse, error: ImgsvcError): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  // A body that nobody reads would otherwise be taken for the next request.
  if (!response.req.complete) response.setHeader('connection', 'close')
  response.req.resume()
  send(response, error.status, 'application/json', errorBody(error, ''))
}

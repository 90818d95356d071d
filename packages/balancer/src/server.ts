import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { errorBody, ImgsvcError } from '@imgsvc/core/errors'
import { requestIdOf } from './forward-headers.ts'
import { parseFailure, type ServerLimits, serverOptions } from './limits.ts'

export interface PublicServerOptions {
  readonly limits: ServerLimits
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  /** A request that never became one: it could not be parsed, or asked for a tunnel. */
  readonly onRefused: (error: ImgsvcError, requestId: string, socket: Duplex) => void
}

/** How long a refused connection may go on sending, ms. */
const LINGER_MS = 1000

export interface PublicServer {
  /** Not yet listening. */
  readonly server: Server
  /** Closes connections that wait for a request: between two, or not a byte sent yet. */
  closeUnused(): void
}

/** The public HTTP server: node:http with every way in that has a surprising default closed. */
export function createPublicServer({ limits, handle, onRefused }: PublicServerOptions): PublicServer {
  const server = createServer(serverOptions(limits))
  /** Answers under way per connection: a second answer must not be written into the first. */
  const answering = new WeakMap<Duplex, number>()
  const sockets = new Set<Socket>()

  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    answering.set(socket, (answering.get(socket) ?? 0) + 1)
    response.once('close', () => answering.set(socket, (answering.get(socket) ?? 1) - 1))
    void handle(request, response)
  }
  /** Connections whose end has begun; what still arrives on them makes the parser complain again. */
  const refused = new WeakSet<Duplex>()
  const refuse = (error: ImgsvcError, requestId: string, socket: Duplex) => {
    if (refused.has(socket)) return
    refused.add(socket)
    onRefused(error, requestId, socket)
    if (!socket.writable || (answering.get(socket) ?? 0) > 0) {
      socket.destroy()
      return
    }
    socket.end(rawAnswer(error, requestId))
    // Closing with bytes unread would make the kernel send a reset that overtakes the answer.
    const timer = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.once('close', () => clearTimeout(timer))
  }

  server.on('connection', (socket: Socket) => {
    // Pipelined requests each watch their connection; Node itself bounds how many run at once.
    socket.setMaxListeners(0)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('request', onRequest)
  // Without this listener Node would say "100 Continue" before the size of the body was looked at.
  server.on('checkContinue', onRequest)
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const failure = parseFailure(error, socket as Socket)
    if (failure) refuse(failure, requestIdOf({}), socket)
    else socket.destroy()
  })
  server.on('connect', (request, socket) => {
    socket.on('error', () => socket.destroy())
    refuse(new ImgsvcError('METHOD_NOT_ALLOWED', 'CONNECT'), requestIdOf(request.headers), socket)
  })
  return {
    server,
    closeUnused() {
      server.closeIdleConnections()
      // A connection that never sent anything is not idle to Node, and nothing limits its life once the server closes.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
    },
  }
}

function rawAnswer(error: ImgsvcError, requestId: string): string {
  const body = errorBody(error, requestId)
  const lines = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    `X-Request-Id: ${requestId}`,
    ...(error.status === 405 ? ['Allow: GET, HEAD'] : []),
    'Connection: close',
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

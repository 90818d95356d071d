import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { errorBody, ImgsvcError } from '@imgsvc/core/errors'
import { requestIdOf } from './forward-headers.ts'
import { parseFailure, type ServerLimits, serverOptions } from './limits.ts'

export interface PublicServerOptions {
  readonly limits: ServerLimits
  /** Client connections at once; more are closed as they come. */
  readonly maxClients: number
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  /** A request that never became one: it could not be parsed, or asked for a tunnel. */
  readonly onRefused: (error: ImgsvcError, requestId: string, socket: Duplex) => void
}

/** How long a refused connection may go on sending, ms. */
const LINGER_MS = 1000

/**
 * How long kept connections stay open once the stop has begun, ms. A request that is already on its way on one of
 * them would be lost if it were closed at once, and the client could not know whether it may repeat it.
 */
export const LAME_DUCK_MS = 500

export interface PublicServer {
  /** Not yet listening. */
  readonly server: Server
  /**
   * Stops accepting at once, closes connections without a request after LAME_DUCK_MS and every other one with its
   * answer; whatever is left after `timeoutMs` is cut. Resolves when no connection is left.
   */
  stop(timeoutMs: number): Promise<void>
  /** Call when a request has ended: while stopping, its connection may have become one without a request. */
  ended(): void
}

/** The public HTTP server: node:http with every way in that has a surprising default closed. */
export function createPublicServer({ limits, maxClients, handle, onRefused }: PublicServerOptions): PublicServer {
  const server = createServer(serverOptions(limits))
  server.maxConnections = maxClients
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
  // Any other expectation may be ignored (RFC 9110 §10.1.1); Node would answer 417 without a body or a log line.
  server.on('checkExpectation', onRequest)
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const failure = parseFailure(error, socket as Socket)
    if (failure) refuse(failure, requestIdOf({}), socket)
    else socket.destroy()
  })
  server.on('connect', (request, socket) => {
    socket.on('error', () => socket.destroy())
    refuse(new ImgsvcError('METHOD_NOT_ALLOWED', 'CONNECT'), requestIdOf(request.headers), socket)
  })
  let isLameDuckOver = false
  const closeUnused = () => {
    server.closeIdleConnections()
    // A connection that never sent anything is not idle to Node, and nothing limits its life once the server closes.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
  }
  return {
    server,
    ended() {
      // Its answer may have promised keep-alive before the stop began.
      if (isLameDuckOver) setImmediate(closeUnused)
    },
    async stop(timeoutMs) {
      const force = setTimeout(() => server.closeAllConnections(), timeoutMs)
      const lameDuck = setTimeout(
        () => {
          isLameDuckOver = true
          closeUnused()
        },
        Math.min(LAME_DUCK_MS, timeoutMs),
      )
      // http's own close() would also close kept connections; net's stops accepting and leaves them.
      await new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()))
      clearTimeout(lameDuck)
      clearTimeout(force)
      // Only now http's: it ends the timer that looks for slow requests.
      server.close()
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

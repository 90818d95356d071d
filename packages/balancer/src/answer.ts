import type { IncomingMessage } from 'node:http'
import { errorBody, type ImgsvcError } from '@imgsvc/core/errors'
import type { Exchange } from './exchange.ts'
import { hopByHop } from './hop-by-hop.ts'
import { hasBody } from './request-body.ts'

const LINGER_MS = 1000

/** Headers the balancer speaks for itself. */
const OWN: ReadonlySet<string> = new Set(['server', 'x-request-id'])

/** The worker's headers for the client, as a flat list of names and values: order and duplicates are kept. */
export function answerHeaders(answer: IncomingMessage, requestId: string, isClosing: boolean): string[] {
  const { rawHeaders } = answer
  const stops = hopByHop(answer.headers.connection)
  const result: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    const lower = name.toLowerCase()
    if (!OWN.has(lower) && !stops(lower)) result.push(name, rawHeaders[i + 1] as string)
  }
  result.push('X-Request-Id', requestId)
  if (isClosing) result.push('Connection', 'close')
  return result
}

export interface AnswerOptions {
  /** Close the connection after this answer. */
  readonly isClosing: boolean
  readonly headers?: Readonly<Record<string, string>>
}

/** Answers with an error as JSON, or cuts the connection when the answer has begun. */
export function answerError(exchange: Exchange, error: ImgsvcError, options: AnswerOptions): void {
  exchange.end = error.code === 'CLIENT_GONE' ? 'client-gone' : 'error'
  if (exchange.response.headersSent || exchange.response.destroyed) {
    cutOff(exchange)
    return
  }
  answerText(exchange, error.status, errorBody(error, exchange.requestId), {
    ...options,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...options.headers },
  })
}

/** Answers with a short text. A request body nobody reads is given a moment to run out, so that the answer arrives. */
export function answerText(exchange: Exchange, status: number, text: string, options: AnswerOptions): void {
  const { request, response } = exchange
  const body = Buffer.from(text)
  const unread = hasBody(request) && !request.readableEnded
  response.writeHead(status, {
    ...options.headers,
    'content-length': body.length,
    'x-request-id': exchange.requestId,
    ...((options.isClosing || unread) && { connection: 'close' }),
  })
  exchange.bytes = request.method === 'HEAD' ? 0 : body.length
  if (!unread) {
    response.end(body)
    return
  }
  // Closing with bytes unread would make the kernel send a reset that overtakes the answer.
  response.write(body)
  const finish = () => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(finish, LINGER_MS)
  request.once('end', finish)
  request.once('close', finish)
  request.resume()
}

/** Ends an answer that cannot be completed so that the client cannot take it for whole. */
export function cutOff(exchange: Exchange): void {
  const { socket } = exchange.request
  if (socket.destroyed) return
  // A reset rather than an orderly end: an HTTP/1.0 body without a length ends with the connection.
  socket.resetAndDestroy()
}

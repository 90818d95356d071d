import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '@imgsvc/core/clock'
import { ImgsvcError } from '@imgsvc/core/errors'
import type { ProcessId } from '@imgsvc/core/process'
import type { FailedOutcome } from './attempt.ts'
import { requestIdOf } from './forward-headers.ts'

/** One request sent to one worker, for log and metrics. Times in ms since the try began. */
export interface Try {
  readonly worker: ProcessId
  readonly outcome: 'ok' | FailedOutcome
  readonly connectMs?: number
  readonly firstByteMs?: number
  readonly ms: number
}

/** Who ended an exchange, and when: HAProxy's termination codes in words. */
export type EndReason = 'ok' | 'error' | 'client-gone' | 'client-stalled' | 'worker-died' | 'worker-stalled'

/** One request of a client and its answer, from the first byte to the last. */
export interface Exchange {
  readonly requestId: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Monotonic ms. */
  readonly startedAt: number
  /** Fires when the client leaves before the answer is complete. */
  readonly signal: AbortSignal
  readonly tries: Try[]
  /** Bytes of the answer's body. */
  bytes: number
  end: EndReason
}

/** Begins an exchange; `onEnd` is called once, when the answer is complete or the client has left. */
export function createExchange(
  request: IncomingMessage,
  response: ServerResponse,
  clock: Clock,
  onEnd: (exchange: Exchange) => void,
): Exchange {
  const gone = new AbortController()
  const exchange: Exchange = {
    requestId: requestIdOf(request.headers),
    request,
    response,
    startedAt: clock.monotonic(),
    signal: gone.signal,
    tries: [],
    bytes: 0,
    end: 'ok',
  }
  const { socket } = request
  let isOver = false
  const close = () => {
    // Both events may already be under way when the first of them takes the listeners off.
    if (isOver) return
    isOver = true
    response.off('close', close)
    socket.off('close', close)
    if (!response.writableFinished) {
      if (exchange.end === 'ok') exchange.end = 'client-gone'
      gone.abort(new ImgsvcError('CLIENT_GONE'))
    }
    onEnd(exchange)
  }
  response.on('close', close)
  // A pipelined request whose turn has not come hears nothing from its response when the client leaves.
  socket.on('close', close)
  return exchange
}

/** Status for log and metrics: 499 when the client left before it had one, as nginx. */
export function statusOf(exchange: Exchange): number {
  const { response } = exchange
  return exchange.end === 'client-gone' && !response.headersSent ? 499 : response.statusCode
}

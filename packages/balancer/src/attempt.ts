import type { Agent, ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '@imgsvc/core/clock'

/** A request as it goes to a worker. */
export interface UpstreamRequest {
  readonly method: string
  /** Goes out byte for byte. */
  readonly path: string
  /** Goes out as it is; must be free of hop-by-hop headers. */
  readonly headers: OutgoingHttpHeaders
  /** Called once the connection stands, to write the body and end the request; undefined when there is no body. */
  readonly writeBody: ((to: ClientRequest, progress: () => void) => void) | undefined
}

/** Times of one attempt, ms since it began. */
export interface AttemptTimes {
  /** undefined: the connection was there already. */
  readonly connectMs: number | undefined
  readonly ms: number
}

/** How one attempt to have a request answered by one worker went. */
export type Attempt = AttemptTimes &
  (
    | { readonly outcome: 'answered'; readonly answer: IncomingMessage; readonly upstreamRequest: ClientRequest }
    /** stale: a connection kept from before broke at once; the worker had closed it, the request is not to blame. */
    | { readonly outcome: FailedOutcome; readonly stale: boolean; readonly cause: Error | undefined }
  )

/**
 * refused: not connected, nothing was sent. reset: the connection broke before an answer. aborted: by the signal. withdrawn: by the
 * caller, because the worker hangs or is gone.
 */
export type FailedOutcome = 'refused' | 'connect-timeout' | 'reset' | 'response-timeout' | 'aborted' | 'withdrawn'

/** Reason of a signal that takes a request away from a worker, rather than from the client. */
export const WITHDRAWN = new Error('the worker was taken out of service')

/** Times allowed for parts of an attempt, ms. */
export interface AttemptTimeouts {
  readonly connectTimeout: number
  readonly responseTimeout: number
}

interface AttemptContext {
  readonly clock: Clock
  /** Read at every request, so that they change live. */
  readonly timeouts: () => AttemptTimeouts
  readonly agent: Agent
  readonly request: UpstreamRequest
  readonly signal: AbortSignal
  readonly resolve: (attempt: Attempt) => void
}

/** Follows one attempt through socket, connection and answer, with a timer for each, and settles it once. */
export function trackAttempt({ clock, timeouts, agent, request, signal, resolve }: AttemptContext) {
  const startedAt = clock.monotonic()
  let upstreamRequest: ClientRequest | undefined
  let connectMs: number | undefined
  let isSettled = false
  let cancelTimer = () => {}

  const settle = () => {
    isSettled = true
    cancelTimer()
    signal.removeEventListener('abort', abort)
    return { connectMs, ms: clock.monotonic() - startedAt }
  }
  const fail = (outcome: FailedOutcome, cause?: Error) => {
    if (isSettled) return
    const stale = outcome === 'reset' && upstreamRequest?.reusedSocket === true
    // The worker has closed the connections that were idle: the others are not worth trying.
    if (stale) closeIdle(agent)
    resolve({ outcome, stale, cause, ...settle() })
    upstreamRequest?.destroy()
  }
  const abort = () => fail(signal.reason === WITHDRAWN ? 'withdrawn' : 'aborted')
  const failAfter = (ms: number, outcome: FailedOutcome) => {
    if (isSettled) return
    cancelTimer()
    cancelTimer = clock.timer(ms, () => fail(outcome))
  }
  const awaitAnswer = () => failAfter(timeouts().responseTimeout, 'response-timeout')
  const connected = (created: ClientRequest) => {
    awaitAnswer()
    request.writeBody?.(created, awaitAnswer)
  }
  signal.addEventListener('abort', abort)

  return {
    fail,
    begin(created: ClientRequest): void {
      upstreamRequest = created
      if (!request.writeBody) created.end()
      created.once('socket', (socket: Socket) => {
        if (!socket.connecting) {
          connected(created)
          return
        }
        failAfter(timeouts().connectTimeout, 'connect-timeout')
        socket.once('connect', () => {
          connectMs = clock.monotonic() - startedAt
          connected(created)
        })
      })
    },
    answered(answer: IncomingMessage): void {
      if (isSettled || !upstreamRequest) answer.destroy()
      else resolve({ outcome: 'answered', answer, upstreamRequest, ...settle() })
    },
  }
}

/** Closes the connections of an agent that wait for a request. */
export function closeIdle(agent: Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
}

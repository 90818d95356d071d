import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http'
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import type { Stream } from 'node:stream'
import type { Clock } from '@imgsvc/core/clock'
import type HttpProxy from 'http-proxy'
import type { Upstream } from './pool/upstream.ts'

/**
 * The only file that knows http-proxy 1.18.1. What it is used for: turning a request into an upstream request. What
 * is kept from it, because it goes wrong there, each with a test in proxy.test.ts:
 *
 * | fault of http-proxy                             | cure                                                            |
 * |-------------------------------------------------|-----------------------------------------------------------------|
 * | collapses `//`, turns `\` into `/` in paths     | `toProxy`, and `path` of its request options cannot be set       |
 * | path fix in `proxyReq` is too late when queued  | same: the path is right before the request exists               |
 * | `Trailer`, `TE`, `Connection: x` pass through   | headers arrive already filtered (forward-headers.ts)            |
 * | chunked DELETE gets `Content-Length: 0`         | its passes see a GET; the method is set by option               |
 * | no keep-alive, client's keep-alive lost         | an agent per worker; responses are ours (`selfHandleResponse`)  |
 * | client leaving is not passed on                 | it never sees the client; the caller's signal destroys          |
 * | worker dying mid-body leaves the client hanging | the body is pumped by the caller, who sees the reset            |
 * | timeout looks like a reset                      | own timers: connect and first byte told apart                   |
 * | `util._extend` warns on Node 22 and later       | replaced while http-proxy loads, for http-proxy only            |
 */
export interface UpstreamProxy {
  /** Sends one request to one worker; resolves with how it went, never rejects. */
  send(upstream: Upstream, request: UpstreamRequest, signal: AbortSignal): Promise<Attempt>
  /** Closes idle connections to a worker that gets no more requests. */
  retire(upstream: Upstream): void
  close(): void
}

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

export type Attempt = AttemptTimes &
  (
    | { readonly outcome: 'answered'; readonly answer: IncomingMessage; readonly upstreamRequest: ClientRequest }
    /** refused: not connected, nothing was sent. reset: the connection broke before an answer. aborted: by the signal. */
    | { readonly outcome: FailedOutcome; readonly stale: boolean; readonly cause: Error | undefined }
  )

export type FailedOutcome = 'refused' | 'connect-timeout' | 'reset' | 'response-timeout' | 'aborted'

export interface ProxyOptions {
  readonly clock: Clock
  /** Read at every request, so that they change live. ms. */
  readonly timeouts: () => { readonly connectTimeout: number; readonly responseTimeout: number }
  /** Idle connections kept per worker. */
  readonly maxIdle: number
}

/** What http-proxy is given as the client's request. */
interface Facade {
  readonly method: 'GET'
  readonly url: string
  readonly headers: OutgoingHttpHeaders
  readonly socket: { readonly destroyed: false }
  on(): void
  answered(answer: IncomingMessage): void
}

// It may neither write to the client nor listen to it.
const NO_RESPONSE = { headersSent: true, finished: true } as unknown as ServerResponse

/** See UpstreamProxy. */
export function createProxy(options: ProxyOptions): UpstreamProxy {
  const httpProxy = loadHttpProxy().createProxyServer({ toProxy: true, prependPath: false, selfHandleResponse: true })
  const agents = new Map<Upstream, Agent>()
  httpProxy.on('proxyRes', (answer, facade) => (facade as unknown as Facade).answered(answer))

  function agentOf(upstream: Upstream): Agent {
    let agent = agents.get(upstream)
    if (!agent) {
      // No `timeout`: Node fires it on reused sockets within the worker's keep-alive hint (nodejs/node#53458). No
      // maxSockets: the pool bounds requests under way, so that nothing queues in here unseen.
      agent = new Agent({ keepAlive: true, maxFreeSockets: options.maxIdle, scheduling: 'lifo' })
      agents.set(upstream, agent)
    }
    return agent
  }

  return {
    send(upstream, request, signal) {
      return new Promise((resolve) => {
        const agent = agentOf(upstream)
        const attempt = trackAttempt({ ...options, agent, request, signal, resolve })
        if (signal.aborted) {
          attempt.fail('aborted')
          return
        }
        const facade: Facade = {
          method: 'GET',
          url: request.path,
          headers: request.headers,
          socket: { destroyed: false },
          on: () => {},
          answered: attempt.answered,
        }
        const requestOnly = {
          target: { host: upstream.host, port: upstream.port } as unknown as HttpProxy.ProxyTargetUrl,
          agent,
          method: request.method,
          ssl: requestOptions(request.path),
          buffer: bodySource(attempt.begin),
        }
        try {
          httpProxy.web(facade as unknown as IncomingMessage, NO_RESPONSE, requestOnly, (error) =>
            attempt.fail(isConnectError(error) ? 'refused' : 'reset', error),
          )
        } catch (error) {
          attempt.fail('reset', error as Error)
        }
      })
    },
    retire(upstream) {
      const agent = agents.get(upstream)
      if (agent) closeIdle(agent)
      agents.delete(upstream)
    },
    close() {
      for (const agent of agents.values()) agent.destroy()
      agents.clear()
    },
  }
}

interface AttemptContext extends ProxyOptions {
  readonly agent: Agent
  readonly request: UpstreamRequest
  readonly signal: AbortSignal
  readonly resolve: (attempt: Attempt) => void
}

/** Follows one attempt through socket, connection and answer, with a timer for each, and settles it once. */
function trackAttempt({ clock, timeouts, agent, request, signal, resolve }: AttemptContext) {
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
  const abort = () => fail('aborted')
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

/**
 * http-proxy fills in the object given as `ssl` and makes the request from it. A `path` that cannot be set stays what
 * the client sent, whatever its urlJoin makes of it.
 */
function requestOptions(path: string): object {
  return Object.defineProperty({}, 'path', { enumerable: true, get: () => path, set: () => {} })
}

/** http-proxy pipes this into the upstream request as soon as it exists: the one moment to get hold of it. */
function bodySource(begin: (created: ClientRequest) => void): Stream {
  return { pipe: begin } as unknown as Stream
}

function isConnectError(error: Error): boolean {
  const { syscall } = error as NodeJS.ErrnoException
  return syscall === 'connect' || syscall === 'getaddrinfo'
}

function closeIdle(agent: Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
}

function loadHttpProxy(): typeof HttpProxy {
  const require = createRequire(import.meta.url)
  const util = require('node:util') as { _extend: (target: object, source: object | undefined) => object }
  const deprecated = util._extend
  try {
    util._extend = Object.assign
    return require('http-proxy') as typeof HttpProxy
  } finally {
    util._extend = deprecated
  }
}

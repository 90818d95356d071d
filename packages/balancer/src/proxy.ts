import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http'
import { createRequire } from 'node:module'
import type { Stream } from 'node:stream'
import type { Clock } from '@imgsvc/core/clock'
import type HttpProxy from 'http-proxy'
import { type Attempt, type AttemptTimeouts, closeIdle, trackAttempt, type UpstreamRequest } from './attempt.ts'
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
 * | timeout looks like a reset                      | own timers (attempt.ts): connect and first byte told apart      |
 * | `util._extend` warns on Node 22 and later       | replaced while http-proxy loads, for http-proxy only            |
 */
export interface UpstreamProxy {
  /** Makes one attempt at one worker; resolves with how it went, never rejects. */
  send(upstream: Upstream, request: UpstreamRequest, signal: AbortSignal): Promise<Attempt>
  /** Closes idle connections to a worker that gets no more requests. */
  retire(upstream: Upstream): void
  close(): void
}

export interface ProxyOptions {
  readonly clock: Clock
  /** Read at every request, so that they change live. */
  readonly timeouts: () => AttemptTimeouts
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

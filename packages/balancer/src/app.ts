import type { Server } from 'node:http'
import type { Clock } from '@imgsvc/core/clock'
import type { Config } from '@imgsvc/core/config/schema'
import type { Logger } from '@imgsvc/core/log'
import type { ProcessId } from '@imgsvc/core/process'
import type { ProcessSample } from '@imgsvc/core/process-sample'
import { createAccessLog } from './access-log.ts'
import { createExchange, type Exchange } from './exchange.ts'
import { createForward } from './forward.ts'
import { createInHand, type InHand } from './in-hand.ts'
import { type BalancerMetrics, createMetrics } from './metrics.ts'
import { createPassOn } from './pass-on.ts'
import { createRoundRobin } from './pool/policies/round-robin.ts'
import { createPool, type UpstreamPool } from './pool/pool.ts'
import { createProxy } from './proxy.ts'
import { createRoutes } from './routes.ts'
import { createPublicServer } from './server.ts'

/** The part of the configuration a balancer works with. */
export type BalancerConfig = Pick<Config, 'balancer' | 'limits'>

export interface BalancerOptions {
  readonly id: ProcessId
  readonly config: BalancerConfig
  readonly log: Logger
  readonly clock: Clock
  readonly sample: () => ProcessSample
  /** Client connections at once; more are closed as they come. */
  readonly maxClients: number
  /** Draining: answers say `Connection: close`. */
  readonly isDraining: () => boolean
}

export interface Balancer {
  /** Not yet listening. */
  readonly server: Server
  readonly pool: UpstreamPool
  readonly metrics: BalancerMetrics
  /** Requests by worker. */
  readonly inHand: InHand
  /** Requests under way. */
  inFlight(): number
  /** Takes over what can change live. */
  configure(config: BalancerConfig): void
  /** Stops accepting, lets requests under way finish (at most `timeoutMs`), then closes everything. */
  stop(timeoutMs: number): Promise<void>
}

/** Requests that may wait for a worker at the same time. */
const MAX_WAITING = 1000
/** Idle connections kept per worker. */
const MAX_IDLE = 32

/** Composition of a balancer from its parts; see main.ts for the picture. */
export function createBalancer(options: BalancerOptions): Balancer {
  const { clock, log } = options
  let { config } = options
  const open = new Set<Exchange>()
  let isStopping = false
  const isClosing = () => isStopping || options.isDraining()

  const proxy = createProxy({ clock, timeouts: () => config.balancer, maxIdle: MAX_IDLE })
  const pool = createPool({
    clock,
    policy: createRoundRobin(),
    maxInFlight: config.balancer.maxSockets,
    maxWaiting: MAX_WAITING,
    onRetired: proxy.retire,
  })
  const inHand = createInHand(clock)
  const accessLog = createAccessLog(log, clock)
  const metrics = createMetrics({
    id: options.id,
    inFlight: () => open.size,
    upstreams: pool.list,
    sample: options.sample,
  })
  const end = (exchange: Exchange) => {
    open.delete(exchange)
    metrics.observe(exchange, clock.monotonic() - exchange.startedAt)
    accessLog.exchange(exchange)
    publicServer.ended()
  }
  const handle = createRoutes({
    forward: createForward({
      clock,
      pool,
      proxy,
      inHand,
      passOn: createPassOn({ idleTimeout: () => config.balancer.idleTimeout, isClosing }),
      maxBody: () => config.balancer.maxBody,
    }),
    begin(request, response) {
      const exchange = createExchange(request, response, clock, end)
      open.add(exchange)
      return exchange
    },
    anyWorkerUp: pool.anyUp,
    isClosing,
    healthcheck: () => config.balancer.healthcheck,
    maxUrl: () => config.limits.urlLength,
    onInternalError: (error, { requestId }) => log.error({ err: error, requestId }, 'request failed'),
  })
  const publicServer = createPublicServer({
    limits: config.balancer,
    maxClients: options.maxClients,
    handle,
    onRefused: accessLog.refused,
  })

  return {
    server: publicServer.server,
    pool,
    metrics,
    inHand,
    inFlight: () => open.size,
    configure(next) {
      config = next
    },
    async stop(timeoutMs) {
      isStopping = true
      await publicServer.stop(timeoutMs)
      proxy.close()
    },
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import { ImgsvcError, toImgsvcError } from '@imgsvc/core/errors'
import { isHealthcheck } from '@imgsvc/core/healthcheck'
import { answerError, answerText } from './answer.ts'
import type { Exchange } from './exchange.ts'
import type { Forward } from './forward.ts'
import { checkHost, checkUrlLength } from './limits.ts'
import { requestTarget } from './request-target.ts'

export interface RoutesOptions {
  readonly forward: Forward
  readonly begin: (request: IncomingMessage, response: ServerResponse) => Exchange
  readonly anyWorkerUp: () => boolean
  /** True while the balancer is stopping: connections end with their answer. */
  readonly isClosing: () => boolean
  /** Path of the healthcheck. */
  readonly healthcheck: () => string
  /** Longest URL, bytes. */
  readonly maxUrl: () => number
  readonly onInternalError: (error: ImgsvcError, exchange: Exchange) => void
}

/** All the balancer answers itself; everything else goes to a worker. Never rejects. */
export function createRoutes(options: RoutesOptions) {
  const { isClosing } = options

  async function route(exchange: Exchange): Promise<void> {
    const { request } = exchange
    checkHost(request)
    checkUrlLength(request.url ?? '', options.maxUrl())
    const target = requestTarget(request.url ?? '')
    if (isHealthcheck(target.path, options.healthcheck())) {
      answerHealthcheck(exchange)
      return
    }
    await options.forward(exchange, target)
  }

  function answerHealthcheck(exchange: Exchange): void {
    const { method } = exchange.request
    if (method !== 'GET' && method !== 'HEAD') throw new ImgsvcError('METHOD_NOT_ALLOWED')
    if (!options.anyWorkerUp()) throw new ImgsvcError('NO_WORKER')
    const headers = { 'content-type': 'text/html; charset=UTF-8', 'cache-control': 'no-cache' }
    answerText(exchange, 200, 'WORKING', { isClosing: isClosing(), headers })
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const exchange = options.begin(request, response)
    try {
      await route(exchange)
    } catch (thrown) {
      const error = toImgsvcError(thrown)
      if (error.code === 'INTERNAL') options.onInternalError(error, exchange)
      answerError(exchange, error, { isClosing: isClosing(), headers: extraHeaders(error) })
    }
  }
}

function extraHeaders(error: ImgsvcError): Record<string, string> {
  if (error.status === 503) return { 'retry-after': '1' }
  if (error.status === 405) return { allow: 'GET, HEAD' }
  return {}
}

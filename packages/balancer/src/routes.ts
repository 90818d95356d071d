import type { IncomingMessage, ServerResponse } from 'node:http'
import { ImgsvcError, toImgsvcError } from '@imgsvc/core/errors'
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
    if (isHealthcheck(target.path)) {
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

/** thumbor's healthcheck (`thumbor/handlers/healthcheck.py`). */
function isHealthcheck(path: string): boolean {
  const end = path.indexOf('?')
  const route = end < 0 ? path : path.slice(0, end)
  return route === '/healthcheck' || route === '/healthcheck/'
}

function extraHeaders(error: ImgsvcError): Record<string, string> {
  if (error.status === 503) return { 'retry-after': '1' }
  if (error.status === 405) return { allow: 'GET, HEAD' }
  return {}
}

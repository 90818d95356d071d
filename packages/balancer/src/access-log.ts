import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '@imgsvc/core/clock'
import type { ImgsvcError } from '@imgsvc/core/errors'
import type { Logger } from '@imgsvc/core/log'
import { type Exchange, statusOf } from './exchange.ts'
import { peerOf } from './forward-headers.ts'

export interface AccessLog {
  /** One line for a finished exchange, with every try. */
  exchange(exchange: Exchange): void
  /** One line for a request that could not be parsed. */
  refused(error: ImgsvcError, requestId: string, socket: Duplex): void
}

/** One JSON line per request of the public port. */
export function createAccessLog(log: Logger, clock: Clock): AccessLog {
  return {
    exchange(exchange) {
      const { request, tries } = exchange
      const { headers } = request
      log.info(
        {
          requestId: exchange.requestId,
          remote: peerOf(request),
          method: request.method,
          path: request.url,
          status: statusOf(exchange),
          bytes: exchange.bytes,
          ms: Math.round((clock.monotonic() - exchange.startedAt) * 10) / 10,
          worker: tries.at(-1)?.worker,
          tries,
          userAgent: headers['user-agent'],
          referer: headers.referer,
          end: exchange.end,
        },
        'request',
      )
    },
    refused(error, requestId, socket) {
      const { remoteAddress } = socket as Socket
      log.info(
        { requestId, remote: remoteAddress, status: error.status, code: error.code, end: 'error' },
        'bad request',
      )
    },
  }
}

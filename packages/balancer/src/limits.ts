import type { ServerOptions } from 'node:http'
import type { Socket } from 'node:net'
import { ImgsvcError } from '@imgsvc/core/errors'

/** Longest request head, bytes: request line and headers together. */
const MAX_HEADER_BYTES = 16 * 1024
/** Time a client gets to send a whole request, body included, ms. */
const REQUEST_TIMEOUT_MS = 120_000
/** How often Node looks for requests that take too long, ms. */
const CHECK_INTERVAL_MS = 1000

export interface ServerLimits {
  /** ms. */
  readonly headersTimeout: number
  /** ms. */
  readonly keepAliveTimeout: number
}

/** node:http's own limits, tightened (its defaults: 60 s for headers, 300 s for a request, swept every 30 s). */
export function serverOptions(limits: ServerLimits): ServerOptions {
  return {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: limits.headersTimeout,
    requestTimeout: Math.max(REQUEST_TIMEOUT_MS, limits.headersTimeout),
    keepAliveTimeout: limits.keepAliveTimeout,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    insecureHTTPParser: false,
    noDelay: true,
  }
}

/** Throws URL_TOO_LONG. */
export function checkUrlLength(target: string, most: number): void {
  if (target.length > most) throw new ImgsvcError('URL_TOO_LONG', `${target.length} bytes; at most ${most}`)
}

/** What node:http's `clientError` tells about a request that could not be parsed; undefined: the client has gone. */
export function parseFailure(error: NodeJS.ErrnoException, socket: Socket): ImgsvcError | undefined {
  switch (error.code) {
    case 'ECONNRESET':
    case 'EPIPE':
    case 'HPE_INVALID_EOF_STATE':
      return undefined
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ImgsvcError('REQUEST_TIMEOUT')
    case 'HPE_HEADER_OVERFLOW':
      return isStillRequestLine(error, socket)
        ? new ImgsvcError('URL_TOO_LONG', `over ${MAX_HEADER_BYTES} bytes`)
        : new ImgsvcError('HEADERS_TOO_LARGE', `over ${MAX_HEADER_BYTES} bytes`)
    default:
      return new ImgsvcError('REQUEST_MALFORMED', error.code?.startsWith('HPE_') ? error.message : undefined)
  }
}

/** The overflow came in the first packet of the connection, and that has no end of line: it is the URL that is too long. */
function isStillRequestLine(error: Error, socket: Socket): boolean {
  const { rawPacket } = error as { rawPacket?: Buffer }
  return (
    rawPacket !== undefined &&
    socket.bytesRead === rawPacket.length &&
    !rawPacket.subarray(0, MAX_HEADER_BYTES).includes('\n')
  )
}

import type { IncomingMessage, ServerOptions } from 'node:http'
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
    // Node's own answer would be no JSON and in no log; `checkHost` refuses instead.
    requireHostHeader: false,
    noDelay: true,
  }
}

/** Descriptors of a balancer that no client needs: logs, sockets of the control API, the event loop. */
const OWN_FILES = 64
const FEWEST_CLIENTS = 16

/**
 * How many clients fit below a limit of open files: each may need a connection to a worker as well. One more client
 * would not fail alone, it would take away the connection another one needs to be answered.
 */
export function maxClients(openFiles: number): number {
  return Math.max(FEWEST_CLIENTS, Math.floor((openFiles - OWN_FILES) / 2))
}

/** The soft limit of open files in the text of /proc/self/limits (proc(5)); Infinity when there is none. */
export function openFilesLimit(limits: string): number {
  const soft = /^Max open files +(\d+)/m.exec(limits)?.[1]
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
}

/** Exactly one Host in HTTP/1.1, at most one before it (RFC 9112 §3.2). Throws REQUEST_MALFORMED. */
export function checkHost({ rawHeaders, httpVersion }: IncomingMessage): void {
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length
  if (hosts > 1) throw new ImgsvcError('REQUEST_MALFORMED', `${hosts} Host headers; one is expected`)
  if (hosts === 0 && httpVersion === '1.1') throw new ImgsvcError('REQUEST_MALFORMED', 'HTTP/1.1 needs a Host header')
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

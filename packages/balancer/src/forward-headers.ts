import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { hopByHop } from './hop-by-hop.ts'

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** The client's own X-Request-Id when it is harmless to log and to send on, else a new one. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
}

/** Address of the peer without the IPv4-in-IPv6 prefix; '' once the connection is gone. */
export function peerOf(request: IncomingMessage): string {
  const address = request.socket.remoteAddress ?? ''
  return address.startsWith('::ffff:') ? address.slice(7) : address
}

export interface ForwardOptions {
  readonly requestId: string
  /** Authority of an absolute-form target; replaces Host (RFC 9112 §3.2.2). */
  readonly host: string | undefined
}

/**
 * What the worker gets to see: the client's headers without those of the connection, Host preserved, the peer
 * appended to X-Forwarded-For (as nginx `$proxy_add_x_forwarded_for`) and Forwarded (RFC 7239). A proxy in front that
 * ended TLS has set X-Forwarded-Proto and -Host; they are kept.
 */
export function forwardHeaders(request: IncomingMessage, options: ForwardOptions): OutgoingHttpHeaders {
  const { headers } = request
  const stops = hopByHop(headers.connection)
  const result: OutgoingHttpHeaders = {}
  for (const name in headers) if (!stops(name)) result[name] = headers[name]
  const peer = peerOf(request)
  const host = options.host ?? headers.host
  if (host !== undefined) result.host = host
  // Node ends a body of unknown length by closing unless told to chunk: say so for every method (RFC 9112 §6.1).
  if (headers['transfer-encoding'] !== undefined) {
    result['transfer-encoding'] = 'chunked'
    delete result['content-length']
  }
  const proto = /^https?$/i.test(String(result['x-forwarded-proto'])) ? String(result['x-forwarded-proto']) : 'http'
  result['x-request-id'] = options.requestId
  result['x-real-ip'] = peer
  result['x-forwarded-for'] = append(result['x-forwarded-for'], peer)
  result['x-forwarded-proto'] = proto
  result['x-forwarded-host'] ??= host
  result.forwarded = append(result.forwarded, forwardedElement(peer, proto, host))
  for (const name in result) if (result[name] === undefined) delete result[name]
  return result
}

function append(before: OutgoingHttpHeaders[string], value: string): string {
  return before === undefined || before === '' ? value : `${String(before)}, ${value}`
}

function forwardedElement(peer: string, proto: string, host: string | undefined): string {
  const node = peer.includes(':') ? `"[${peer}]"` : peer
  return `for=${node || 'unknown'};proto=${proto}${host === undefined ? '' : `;host=${quoted(host)}`}`
}

function quoted(value: string): string {
  return TOKEN.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`
}

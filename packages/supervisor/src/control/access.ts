import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { ImgsvcError } from '@imgsvc/core/errors'

/** What decides about a request to the admin port. */
export interface Caller {
  readonly method: string
  readonly headers: IncomingHttpHeaders
  /** Address of the peer; undefined when it has gone. */
  readonly address: string | undefined
}

export interface AccessRules {
  /** Bearer token; empty: only loopback peers may call. */
  readonly token: string
  /** Host of `admin.listen`, accepted in the Host header. */
  readonly host: string
}

/**
 * Throws CONTROL_FORBIDDEN unless the caller has the token, or is on this machine when none is configured. The other
 * checks are against a browser on this machine that an attacker's page makes call us: DNS rebinding (Host), forged
 * requests (Origin, Content-Type: a form cannot send JSON).
 */
export function checkAccess(caller: Caller, rules: AccessRules): void {
  if (rules.token === '') checkLocal(caller, rules)
  else if (!isToken(caller.headers.authorization, rules.token)) {
    throw forbidden('send the token of admin.token as `Authorization: Bearer …`')
  }
  if (caller.method === 'GET' || caller.method === 'HEAD') return
  checkOrigin(caller.headers)
  const type = caller.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/json') throw forbidden('send Content-Type: application/json')
}

function checkLocal({ headers, address }: Caller, { host }: AccessRules): void {
  if (!isLoopback(address)) throw forbidden('only loopback peers may call; set admin.token for others')
  // A proxy on this machine would lend its loopback address to the whole world.
  if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined) {
    throw forbidden('proxied requests need a token; set admin.token')
  }
  const name = hostName(headers.host)
  if (name === undefined || name === 'localhost' || isIP(name) !== 0 || name === host.toLowerCase()) return
  throw forbidden(`Host ${name} is not this machine's; use its address, or set admin.token`)
}

/** A browser names the page that a request comes from; other programs send no Origin. */
function checkOrigin(headers: IncomingHttpHeaders): void {
  const { origin, host } = headers
  if (origin === undefined) return
  // The scheme is left out: TLS may end in front of us.
  if (host !== undefined && origin.replace(/^https?:\/\//i, '').toLowerCase() === host.toLowerCase()) return
  throw forbidden(`Origin ${origin} is another site`)
}

function isToken(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(.+)$/i.exec(header ?? '')?.[1] ?? ''
  // Digests have one length, so that neither the content nor the length of the token shows in the time.
  return timingSafeEqual(digest(given), digest(token))
}

const digest = (text: string) => createHash('sha256').update(text).digest()

/** 127.0.0.0/8, ::1, and the former as IPv6. */
export function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(?:::ffff:)?127\.|^::1$/.test(address)
}

function hostName(host: string | undefined): string | undefined {
  return host
    ?.toLowerCase()
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
}

function forbidden(detail: string): ImgsvcError {
  return new ImgsvcError('CONTROL_FORBIDDEN', detail)
}

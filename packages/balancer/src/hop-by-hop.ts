/**
 * Headers that belong to one connection and must not pass through a proxy (RFC 9110 §7.6.1), with the older
 * Keep-Alive and Proxy-* ones, and Expect, which the balancer answers itself.
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

// What Connection may not name: a client could make the worker blind to them (X-Forwarded-For, Host, Content-Length).
const END_TO_END: ReadonlySet<string> = new Set(['host', 'content-length', 'content-type', 'content-encoding'])

/** Tells which headers (lower case) stop here, given the message's Connection header. */
export function hopByHop(connection: string | undefined): (name: string) => boolean {
  if (connection === undefined || /^\s*(keep-alive|close)?\s*$/i.test(connection)) return (name) => HOP_BY_HOP.has(name)
  const named = new Set(connection.split(',').map((name) => name.trim().toLowerCase()))
  return (name) => HOP_BY_HOP.has(name) || (named.has(name) && !END_TO_END.has(name))
}

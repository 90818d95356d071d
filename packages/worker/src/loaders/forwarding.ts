import type { IncomingHttpHeaders } from 'node:http'
import type { HttpSourceConfig, SourceConfig } from '@imgsvc/core/config/sections/sources'
import type { Client } from '../stores/store.ts'

/** The settings that say which of a client's headers are sent along. */
export type ForwardingConfig = Pick<HttpSourceConfig, 'forwardUserAgent' | 'forwardHeaders' | 'forwardAllHeaders'>

// What speaks of the client's connection, body or copy, of its way here, or is for the loader to say.
const NEVER = new Set([
  ...['connection', 'keep-alive', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding'],
  ...['upgrade', 'expect', 'host', 'content-length', 'content-type', 'content-encoding', 'accept-encoding'],
  ...['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'if-range', 'range'],
  ...['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'x-request-id'],
])
const CREDENTIALS = new Set(['authorization', 'cookie'])

/**
 * What of a request's headers any of the sources sends along, and whether it makes the picture this client's own;
 * undefined when none of them sends anything (`thumbor/loaders/http_loader.py`, return_contents and load).
 */
export function createForwarding(
  sources: readonly SourceConfig[],
): ((headers: IncomingHttpHeaders) => Client | undefined) | undefined {
  const configs = sources.filter((source) => source.type === 'http').filter(forwardsAnything)
  if (configs.length === 0) return undefined
  const listed = new Set(configs.flatMap(({ forwardHeaders }) => forwardHeaders.map((name) => name.toLowerCase())))
  return (received) => {
    const headers = Object.assign({}, ...configs.map((config) => forwarded(received, config))) as Client['headers']
    const names = Object.keys(headers)
    if (names.length === 0) return undefined
    const isPersonal = names.some((name) => CREDENTIALS.has(name) || (listed.has(name) && name !== 'user-agent'))
    return { headers, isPersonal }
  }
}

/** The headers one source sends along, by lower-case name. */
export function forwarded(
  received: Readonly<IncomingHttpHeaders>,
  { forwardUserAgent, forwardHeaders, forwardAllHeaders }: ForwardingConfig,
): Readonly<Record<string, string>> {
  const names = forwardAllHeaders ? Object.keys(received) : forwardHeaders.map((name) => name.toLowerCase())
  const wanted = forwardUserAgent ? [...names, 'user-agent'] : names
  const pairs = wanted.flatMap((name) => {
    const value = Object.hasOwn(received, name) && !NEVER.has(name) ? received[name] : undefined
    return value === undefined ? [] : [[name, [value].flat().join(', ')] as const]
  })
  return Object.fromEntries(pairs)
}

function forwardsAnything({ forwardUserAgent, forwardHeaders, forwardAllHeaders }: ForwardingConfig): boolean {
  return forwardUserAgent || forwardAllHeaders || forwardHeaders.length > 0
}

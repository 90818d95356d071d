import type { LookupAddress, LookupOptions } from 'node:dns'
import { isIP } from 'node:net'
import { ImgsvcError } from '@imgsvc/core/errors'
import { buildConnector } from 'undici'
import type { AddressGuard } from './address-guard.ts'

/** Names to addresses; `dns.lookup` fits. */
export type Resolve = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

type LookupCallback = (error: Error | null, address: string | LookupAddress[], family?: number) => void

export interface ConnectorOptions {
  readonly guard: AddressGuard
  readonly resolve: Resolve
  /** ms */
  readonly connectTimeout: number
  readonly tls: TlsOptions
}

/** How hosts are checked, and what is shown to those that check. */
export interface TlsOptions {
  /** PEM; absent: the usual certificates. */
  readonly ca?: readonly string[]
  /** PEM */
  readonly cert?: string
  readonly key?: string
  readonly rejectUnauthorized: boolean
}

/**
 * Opens the sockets of fetches. The address is judged here, between the look-up and the connect of one and the same
 * attempt: a check before the fetch would trust a name to answer the same twice (DNS rebinding). One refused address
 * among several refuses the name. Fails with SOURCE_REFUSED.
 */
export function createGuardedConnector({
  guard,
  resolve,
  connectTimeout,
  tls,
}: ConnectorOptions): buildConnector.connector {
  const lookup = (hostname: string, options: LookupOptions, callback: LookupCallback) => {
    // Every name below `localhost` is this machine (RFC 6761 §6.3), but resolvers differ about `localhost.` with its dot.
    const name = isLocalhost(hostname) ? 'localhost' : hostname
    resolve(name, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? []
      if (error) callback(error, [])
      else if (!first) callback(new ImgsvcError('SOURCE_TIMEOUT', `the name ${hostname} has no address`), [])
      else if (!addresses.every(({ address }) => guard(address))) callback(unreachable(hostname), [])
      else if (options.all) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
  const connect = buildConnector({ ...tlsOptions(tls), timeout: connectTimeout, lookup })
  return (options, callback) => {
    // The system is not asked about a literal address, so `lookup` never sees one.
    if (isIP(options.hostname) !== 0 && !guard(options.hostname)) callback(unreachable(options.hostname), null)
    else connect(options, callback)
  }
}

/** For a host that somebody else connects to: judges what it is without a look-up. Throws SOURCE_REFUSED. */
export function assertPublic(hostname: string, guard: AddressGuard): void {
  const bare = hostname.replace(/^\[|\]$/g, '')
  const address = isLocalhost(bare) ? '127.0.0.1' : bare
  if (isIP(address) !== 0 && !guard(address)) throw unreachable(hostname)
}

function isLocalhost(hostname: string): boolean {
  return /(?:^|\.)localhost\.?$/i.test(hostname)
}

/** In the words of node:tls, whose types want lists that may be changed. */
export function tlsOptions({ ca, ...tls }: TlsOptions) {
  return { ...tls, ...(ca && { ca: [...ca] }) }
}

/** Says nothing of the address a name has: that would let strangers explore the internal DNS. */
function unreachable(hostname: string): ImgsvcError {
  return new ImgsvcError('SOURCE_REFUSED', `${hostname} is not a public address (sources: allowPrivate)`)
}

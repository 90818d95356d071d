import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import { type ConnectorOptions, createGuardedConnector, tlsOptions } from './http-connector.ts'

export interface DispatcherOptions extends ConnectorOptions {
  /** URL; empty: none. */
  readonly proxy: string
  readonly proxyUser: string
  readonly proxyPassword: string
}

/** Sockets to one origin at most; further fetches wait for one, within their own deadline. */
const CONNECTIONS_PER_ORIGIN = 32

/**
 * Sends the requests of a loader: straight, judging addresses as it connects, or through a proxy, which takes http as it
 * is and https through a tunnel (CONNECT), as curl does for thumbor. The deadline of a fetch is the loader's: undici's own
 * would start anew with every redirect and every piece of the body.
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const shared = { connections: CONNECTIONS_PER_ORIGIN, headersTimeout: 0, bodyTimeout: 0 }
  if (options.proxy === '') return new Agent({ ...shared, connect: createGuardedConnector(options) })
  const { proxyUser, proxyPassword, connectTimeout, tls } = options
  const credentials = Buffer.from(`${proxyUser}:${proxyPassword}`).toString('base64')
  return new ProxyAgent({
    ...shared,
    uri: options.proxy,
    proxyTunnel: false,
    ...(proxyUser !== '' && { token: `Basic ${credentials}` }),
    // The proxy is the operator's: its own certificate has to be a usual one, or of `caCerts`.
    proxyTls: { ...tlsOptions({ ...tls, rejectUnauthorized: true }), timeout: connectTimeout },
    requestTls: { ...tlsOptions(tls), timeout: connectTimeout },
  })
}

import { lookup } from 'node:dns'
import { type Clock, systemClock } from '@imgsvc/core/clock'
import type { HttpSourceConfig } from '@imgsvc/core/config/sections/sources'
import { ImgsvcError } from '@imgsvc/core/errors'
import { type Dispatcher, request } from 'undici'
import { withDeadline } from '../stores/deadline.ts'
import { errnoOf } from '../stores/errno.ts'
import type { Blob, IoOptions } from '../stores/store.ts'
import { createAddressGuard } from './address-guard.ts'
import { forwarded } from './forwarding.ts'
import { createHostRules } from './host-rules.ts'
import { readBody } from './http-body.ts'
import { assertPublic, type Resolve } from './http-connector.ts'
import { createDispatcher } from './http-dispatcher.ts'
import { readTlsFiles } from './http-tls.ts'
import { looksLikeHost, parseSourceUrl, parseTarget } from './http-url.ts'
import type { Loader } from './loader.ts'
import { createTurns } from './turns.ts'

export interface HttpLoaderOptions extends Omit<HttpSourceConfig, 'type'> {
  /** Take text without a scheme only when it looks like a host: for a loader that stands behind others. */
  readonly onlyHostLike?: boolean
  readonly resolve?: Resolve
  readonly clock?: Clock
}

type Response = Dispatcher.ResponseData

/** Bytes of an answer nobody wants that are read to keep its connection. */
const DISCARDED_AT_MOST = 16 * 1024

const REDIRECTS = new Set([301, 302, 303, 307, 308])
// 403 is what object stores answer for "no such key" to those who may not list.
const NOT_FOUND = new Set([403, 404, 410])
// No body, or a piece of one that nobody asked for.
const NOT_WHOLE = new Set([204, 205, 206])

/**
 * Originals over http and https (`thumbor/loaders/http_loader.py`). Each hop of a redirect passes the allow-list and the
 * address guard again; connect and whole fetch have their timeouts; bytes are counted while they arrive.
 * Throws CONFIG_INVALID for a rule, an address range or a certificate that is none.
 */
export function createHttpLoader(options: HttpLoaderOptions): Loader {
  const { clock = systemClock, resolve = lookup as Resolve, timeout } = options
  const isAllowed = createHostRules(options.allow)
  const guard = createAddressGuard(options.allowPrivate)
  const dispatcher = createDispatcher({ ...options, guard, resolve, tls: readTlsFiles(options) })
  const turns = createTurns(options.maxFetches)
  const own = { accept: 'image/*;q=0.9,*/*;q=0.1', 'accept-encoding': 'identity', 'user-agent': options.userAgent }
  const scheme = options.scheme === 'http' ? 'http' : 'https'

  function check({ hostname, protocol }: URL): void {
    if (!isAllowed(hostname)) throw new ImgsvcError('SOURCE_REFUSED', `host ${hostname} (sources: allow)`)
    if (options.scheme === 'https-only' && protocol !== 'https:') {
      throw new ImgsvcError('SOURCE_REFUSED', `${hostname}: only https is fetched (sources: scheme)`)
    }
    // A proxy resolves names itself; what needs no resolving is judged here.
    if (options.proxy !== '') assertPublic(hostname, guard)
  }

  async function follow(source: string, io: IoOptions): Promise<Blob> {
    const first = parseSourceUrl(source, scheme)
    const theirs = forwarded(io.client?.headers ?? {}, options)
    let url = first
    for (let hop = 0; ; hop++) {
      check(url)
      // What was meant for one host is not shown to another.
      const headers = url.origin === first.origin ? { ...own, ...theirs } : own
      const response = await request(url, { dispatcher, headers, signal: io.signal })
      const location = REDIRECTS.has(response.statusCode) ? response.headers.location : undefined
      if (location === undefined) return receive(url, response, io)
      await discard(response, io.signal)
      if (hop >= options.maxRedirects) {
        throw new ImgsvcError('SOURCE_FAILED', `more than ${options.maxRedirects} redirects (sources: maxRedirects)`)
      }
      url = parseTarget([location].flat()[0] ?? '', url)
    }
  }

  return {
    name: 'http',
    accepts: (source) => !options.onlyHostLike || looksLikeHost(source),
    load: (source, io) =>
      withDeadline({ clock, ms: timeout, signal: io.signal, expired: () => late(timeout) }, async (signal) => {
        try {
          return await turns.take(signal, () => follow(source, { ...io, signal }))
        } catch (error) {
          throw asSourceError(error)
        }
      }),
    close: () => dispatcher.destroy(),
  }
}

function late(timeout: number): ImgsvcError {
  return new ImgsvcError('SOURCE_TIMEOUT', `no whole answer within ${timeout} ms (sources: timeout)`)
}

async function receive(url: URL, response: Response, io: IoOptions): Promise<Blob> {
  const { statusCode, headers, body } = response
  if (statusCode < 200 || statusCode > 299 || NOT_WHOLE.has(statusCode)) {
    await discard(response, io.signal)
    const code = NOT_FOUND.has(statusCode) ? 'SOURCE_NOT_FOUND' : 'SOURCE_FAILED'
    throw new ImgsvcError(code, `${url.host} answered ${statusCode}`)
  }
  try {
    const bytes = await readBody(body, headers, io)
    const modifiedAt = Date.parse([headers['last-modified'] ?? ''].flat()[0] ?? '')
    return { bytes, modifiedAt: Number.isNaN(modifiedAt) ? undefined : modifiedAt }
  } catch (error) {
    drop(response)
    throw error
  }
}

/** Reads a short unwanted body so that the connection can be used again; a long one is not worth it. */
async function discard(response: Response, signal: AbortSignal): Promise<void> {
  if (Number(response.headers['content-length'] ?? 0) > DISCARDED_AT_MOST) return drop(response)
  try {
    await response.body.dump({ limit: DISCARDED_AT_MOST, signal })
  } catch {
    // The answer is known already; that its body broke off changes nothing, and the connection is gone with it.
    drop(response)
  }
}

function drop({ body }: Response): void {
  body.on('error', () => undefined) // being destroyed is reported as an error to whoever might still read
  body.destroy()
}

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT'])
// thumbor's client reports a name that cannot be resolved as 599, which its handler answers as a timeout.
const UNRESOLVED = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME', 'ESERVFAIL'])

function asSourceError(error: unknown): ImgsvcError {
  if (error instanceof ImgsvcError) return error
  const code = errnoOf(error) ?? ''
  const message = error instanceof Error ? error.message : String(error)
  const isLate = TIMEOUTS.has(code) || UNRESOLVED.has(code)
  return new ImgsvcError(isLate ? 'SOURCE_TIMEOUT' : 'SOURCE_FAILED', message || code, { cause: error })
}

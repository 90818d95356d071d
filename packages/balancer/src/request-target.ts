import { ImgsvcError } from '@imgsvc/core/errors'

export interface RequestTarget {
  /** Path and query, byte for byte as received. */
  readonly path: string
  /** Authority of an absolute-form target. */
  readonly host: string | undefined
}

const ABSOLUTE = /^https?:\/\/(?:[^/?#@]*@)?([^/?#]*)/i

/**
 * The path a worker is asked for. Never through URL(): thumbor paths hold `//`, `..`, `%2F` and whole URLs, and the
 * signature covers every byte. Absolute form (RFC 9112 §3.2.2) loses its origin. Throws REQUEST_MALFORMED.
 */
export function requestTarget(target: string): RequestTarget {
  if (target.startsWith('/')) return { path: target, host: undefined }
  const match = ABSOLUTE.exec(target)
  if (!match) throw new ImgsvcError('REQUEST_MALFORMED', 'the request target must begin with /')
  const path = target.slice(match[0].length)
  return { path: path.startsWith('/') ? path : `/${path}`, host: match[1] || undefined }
}

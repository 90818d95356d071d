import type { IncomingHttpHeaders } from 'node:http'
import type { Config } from '@imgsvc/core/config/schema'

export interface Validators {
  /** Strong tag with its quotes. */
  readonly etag: string
  /** Epoch ms. */
  readonly lastModified: number
}

/** The conditions of a request that are looked at: those whose validators are sent. */
export function conditionsOf(
  { 'if-none-match': tags, 'if-modified-since': since }: IncomingHttpHeaders,
  { etags, lastModified }: Config['responses'],
): IncomingHttpHeaders {
  return {
    ...(etags && tags !== undefined && { 'if-none-match': tags }),
    ...(lastModified && since !== undefined && { 'if-modified-since': since }),
  }
}

/** Does the request carry a condition that a 304 may answer? */
export function isConditional(headers: IncomingHttpHeaders): boolean {
  return headers['if-none-match'] !== undefined || headers['if-modified-since'] !== undefined
}

/**
 * Is the client's copy still good? If-None-Match decides alone when it is there, compared weakly; otherwise
 * If-Modified-Since to the second; a date that cannot be read is ignored (RFC 9110 §13.1.2, §13.1.3).
 */
export function isNotModified(headers: IncomingHttpHeaders, { etag, lastModified }: Validators): boolean {
  const candidates = headers['if-none-match']
  if (candidates !== undefined) return matchesAny(candidates, etag)
  const since = headers['if-modified-since']
  if (since === undefined) return false
  const time = Date.parse(since)
  return !Number.isNaN(time) && Math.floor(lastModified / 1000) * 1000 <= time
}

function matchesAny(header: string, etag: string): boolean {
  if (header.trim() === '*') return true
  // Tags hold no quotes inside, so each quoted run is one tag; W/ in front does not matter to a weak comparison.
  for (const match of header.matchAll(/"[^"]*"/g)) if (match[0] === etag) return true
  return false
}

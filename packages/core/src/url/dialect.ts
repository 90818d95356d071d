import type { ImageRequest } from './request.ts'

/** How a URL authorises itself. */
export type Authority =
  | { readonly kind: 'unsafe' }
  | { readonly kind: 'signature'; readonly signature: string }
  | { readonly kind: 'none' }

export interface ParsedUrl {
  readonly request: ImageRequest
  readonly authority: Authority
  /** The text the signature covers: raw, escapes untouched, no query. */
  readonly signedPath: string
}

/** One way of writing image URLs. The path is the one received, never through `new URL()`. */
export interface UrlDialect {
  readonly name: string
  recognises(rawPath: string): boolean
  /** Throws URL_NOT_FOUND (no such form) or URL_MALFORMED (broken escapes, invalid UTF-8). */
  parse(rawPath: string): ParsedUrl
  /** The option and source part, without authority and without a leading slash; parsing it gives the request back. */
  format(request: ImageRequest): string
}

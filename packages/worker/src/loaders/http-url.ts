import { ImgsvcError } from '@imgsvc/core/errors'
import { quoteExcept, unquoteLossy } from '@imgsvc/core/url/percent'
import { isWebUrl } from './web-url.ts'

/** What `_normalize_url` of `thumbor/loaders/http_loader.py` leaves as it is beside the unreserved characters. */
const SAFE = "~@#$&()*!+=:;,.?/'"

/**
 * thumbor's image_url (quoted) as the text of the URL that thumbor's http_loader fetches. Text that still holds an
 * escape after unquoting is taken as already escaped. The scheme test is thumbor's: whatever starts with `http` has one;
 * others get `scheme` (`https` as `thumbor/loaders/https_loader.py`).
 */
export function normalizeUrl(source: string, scheme: 'http' | 'https' = 'http'): string {
  const once = unquoteLossy(source)
  const text = unquoteLossy(once) === once ? quoteExcept(once, SAFE) : once
  return text.startsWith('http') ? text : `${scheme}://${text}`
}

/**
 * The URL to fetch, without fragment. Throws SOURCE_REFUSED for text without a host (`http:/host`, which a URL parser
 * would repair), for other schemes and for credentials: thumbor has no use for them, they would end up in logs, and
 * `user@good.com@evil.com` is how an allow-list is fooled.
 */
export function parseSourceUrl(source: string, defaultScheme: 'http' | 'https' = 'http'): URL {
  const written = unquoteLossy(source)
  // A colon before a digit is a port: `localhost:8000/a.jpg` has no scheme.
  if (/^(?!https?:)[a-z][a-z0-9+.-]*:(?!\d)/i.test(written)) throw refused(written, 'only http and https are fetched')
  const [, scheme, authority, rest] = /^(https?:\/\/)([^/?#\\]+)(.*)$/s.exec(normalizeUrl(source, defaultScheme)) ?? []
  if (scheme === undefined || authority === undefined) throw refused(written, 'it has no host')
  // thumbor escapes the brackets of an IPv6 address and then fails; here it only has to pass the address guard.
  return parseTarget(`${scheme}${authority.replace(/%5B/i, '[').replace(/%5D/i, ']')}${rest}`)
}

/** One hop: the first URL or where a redirect leads. Throws SOURCE_REFUSED. */
export function parseTarget(text: string, base?: URL): URL {
  if (!URL.canParse(text, base?.href)) throw refused(text, 'it is not a valid URL')
  const url = new URL(text, base)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused(text, 'only http and https are fetched')
  if (url.username !== '' || url.password !== '') throw refused(url.host, 'credentials in the URL are not allowed')
  url.hash = ''
  return url
}

/**
 * Could text without a scheme be meant as `host/path`? A dot in the first segment, or a port, and something behind
 * it. Keeps `cats/1.jpg`, missing from a file source, from being looked up as the host `cats`.
 */
export function looksLikeHost(source: string): boolean {
  return isWebUrl(source) || /^[^/?#\s]+(?:\.[^/?#\s]+|:\d+)\/./.test(unquoteLossy(source))
}

function refused(what: string, why: string): ImgsvcError {
  return new ImgsvcError('SOURCE_REFUSED', `${what}: ${why}`)
}

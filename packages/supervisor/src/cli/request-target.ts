/**
 * The request target a client would send for a URL as somebody has it at hand: scheme and host are dropped, the
 * fragment too, and what no request line may hold is percent-encoded as browsers do.
 */
export function requestTarget(url: string): string {
  const [withoutFragment = ''] = url.split('#', 1)
  const path = withoutFragment.replace(/^https?:\/\/[^/?]*/i, '')
  const rooted = path.startsWith('/') ? path : `/${path}`
  return rooted.replace(/[^\x21-\x7e]+/gu, encodeURIComponent)
}

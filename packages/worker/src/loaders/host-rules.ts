import { domainToASCII } from 'node:url'
import { ImgsvcError } from '@imgsvc/core/errors'

// A name, `*.` and a name, or an IPv6 address in brackets. A port, a URL or one of thumbor's patterns would never match.
const ENTRY = /^(?:(?:\*\.)?[^\s/\\:*?#@()[\]|+^$]+|\[[\da-f:.]+\])$/i

/**
 * Which hosts may be fetched: exact names, or `*.example.org` for every name below it (not for `example.org` itself).
 * A dot is a dot, never "any character", and case does not count. An empty list allows every host.
 * Throws CONFIG_INVALID for an entry that is neither.
 */
export function createHostRules(allow: readonly string[]): (hostname: string) => boolean {
  const exact = new Set<string>()
  const suffixes: string[] = []
  for (const entry of allow) {
    if (!ENTRY.test(entry)) {
      const detail = `sources: allow: expected a host such as example.com or *.example.com, got ${JSON.stringify(entry)}`
      throw new ImgsvcError('CONFIG_INVALID', detail)
    }
    if (entry.startsWith('*.')) suffixes.push(`.${canonical(entry.slice(2))}`)
    else exact.add(canonical(entry))
  }
  return (hostname) => {
    if (allow.length === 0) return true
    const name = canonical(hostname)
    return exact.has(name) || suffixes.some((suffix) => name.length > suffix.length && name.endsWith(suffix))
  }
}

/** `EXAMPLE.com.` and `example.com` are one host, and so are an IDN and its punycode. */
function canonical(hostname: string): string {
  const bare = hostname.replace(/\.$/, '')
  return (domainToASCII(bare) || bare).toLowerCase()
}

import { ImgsvcError } from '@imgsvc/core/errors'
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** Decides about one numeric address, in the form the system's resolver or a URL parser gives it. */
export type AddressGuard = (address: string) => boolean

/**
 * Allows addresses of the public Internet and those of `allowPrivate` (CIDRs); refuses everything special: loopback,
 * private, link-local (cloud metadata), shared (CGNAT), multicast, documentation, benchmarking, reserved, unspecified
 * (the IANA special-purpose registries), and IPv6 forms that carry such an IPv4 address. What cannot be read is refused.
 * Throws CONFIG_INVALID for an entry that is no CIDR.
 */
export function createAddressGuard(allowPrivate: readonly string[]): AddressGuard {
  const ranges = allowPrivate.map(parseRange)

  function isAllowed(address: Address): boolean {
    const carried = address instanceof ipaddr.IPv6 ? translated(address) : undefined
    if (carried) return isAllowed(carried)
    if (ranges.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits))) return true
    return address instanceof ipaddr.IPv6 ? isPublicV6(address) : address.range() === 'unicast'
  }

  function isPublicV6(address: ipaddr.IPv6): boolean {
    // Only 2000::/3 is given out; this alone refuses ::/96 (IPv4-compatible), fc00::/7, fe80::/10, fec0::/10, ff00::/8.
    if (((address.parts[0] ?? 0) & 0xe000) !== 0x2000 || address.range() !== 'unicast') return false
    const tunnelled = isatap(address)
    return tunnelled === undefined || isAllowed(tunnelled)
  }

  return (text) => {
    const bare = canonical(text.replace(/^\[|\]$|%.*/g, ''))
    return ipaddr.isValid(bare) && isAllowed(ipaddr.parse(bare))
  }
}

/** ipaddr.js takes `::127.0.0.1` for a mapped address where the system does not: hexadecimal spelling is read alike. */
function canonical(address: string): string {
  const literal = `http://[${address}]`
  return address.includes(':') && URL.canParse(literal) ? new URL(literal).hostname.slice(1, -1) : address
}

function parseRange(text: string): readonly [Address, number] {
  try {
    return ipaddr.parseCIDR(text)
  } catch (cause) {
    const detail = `sources: allowPrivate: expected CIDRs such as 10.0.0.0/8 or fd00::/8, got ${JSON.stringify(text)}`
    throw new ImgsvcError('CONFIG_INVALID', detail, { cause })
  }
}

/**
 * The IPv4 address that packets to this IPv6 address really reach when the system or a gateway translates it: mapped
 * ::ffff:0:0/96 and NAT64 64:ff9b::/96 (RFC 6052; how an IPv6-only network reaches IPv4). SIIT ::ffff:0:0:0/96, local
 * NAT64 64:ff9b:1::/48, 6to4 2002::/16 and Teredo 2001::/32 are obsolete or local: they are refused whatever they carry.
 */
function translated(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  const head = address.parts.slice(0, 6).join()
  const isTranslated = head === '0,0,0,0,0,65535' || head === `${0x64},${0xff9b},0,0,0,0`
  return isTranslated ? lastFourBytes(address) : undefined
}

/** ISATAP (RFC 5214): any prefix, then 0:5efe or 200:5efe, then the IPv4 address of the tunnel's end. */
function isatap(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  const [, , , , flags, marker] = address.parts
  return marker === 0x5efe && (flags === 0 || flags === 0x200) ? lastFourBytes(address) : undefined
}

function lastFourBytes(address: ipaddr.IPv6): ipaddr.IPv4 {
  return new ipaddr.IPv4(address.toByteArray().slice(12))
}

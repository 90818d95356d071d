import { ImgsvcError } from '../errors.ts'

/** `ignoreBOM` keeps a byte order mark; dropping it would make two names one. */
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lossy = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()

const PERCENT = 0x25

/**
 * Percent-decodes once, as Python's `unquote_to_bytes` followed by strict UTF-8: `%` without two hexadecimal digits
 * stays as it is, `+` is no space. Throws URL_MALFORMED when the bytes are not UTF-8.
 */
export function unquote(text: string): string {
  try {
    return decode(text, (bytes) => strict.decode(bytes))
  } catch (cause) {
    throw new ImgsvcError('URL_MALFORMED', 'its percent escapes are not UTF-8', { cause })
  }
}

/** Python's `unquote`: as `unquote`, but bytes that are not UTF-8 become the replacement character. Never throws. */
export function unquoteLossy(text: string): string {
  return decode(text, (bytes) => lossy.decode(bytes))
}

function decode(text: string, toText: (bytes: Uint8Array) => string): string {
  if (!text.includes('%')) return text
  const bytes = encoder.encode(text)
  let length = 0
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] === PERCENT ? escaped(bytes, i) : undefined
    bytes[length++] = byte ?? (bytes[i] as number)
    if (byte !== undefined) i += 2
  }
  return toText(bytes.subarray(0, length))
}

function escaped(bytes: Uint8Array, at: number): number | undefined {
  const high = hexDigit(bytes[at + 1])
  const low = hexDigit(bytes[at + 2])
  return high === undefined || low === undefined ? undefined : high * 16 + low
}

function hexDigit(byte: number | undefined): number | undefined {
  if (byte === undefined) return undefined
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : undefined
}

/**
 * Python's `quote`: escapes everything but letters, digits and `_ . - ~ /`. Throws URL_MALFORMED for half of a
 * surrogate pair, which has no UTF-8.
 */
export function quote(text: string): string {
  try {
    return encodeURIComponent(text)
      .replace(/[!'()*]/g, escapeAscii)
      .replaceAll('%2F', '/')
  } catch (cause) {
    throw new ImgsvcError('URL_MALFORMED', 'half of a surrogate pair cannot be written as UTF-8', { cause })
  }
}

/** Python's `quote` with its `safe` argument: letters, digits, `_ . - ~` and the characters of `safe` stay. */
export function quoteExcept(text: string, safe: string): string {
  let quoted = ''
  for (const char of text) quoted += safe.includes(char) ? char : quote(char).replace('/', '%2F')
  return quoted
}

/** The escape of one ASCII character, also of one that needs none: `a` → `%61`. */
export function escapeAscii(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

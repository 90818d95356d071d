/**
 * Python's `urllib.parse.unquote`: escapes become UTF-8 text, invalid UTF-8 the replacement character, and a `%`
 * that starts no escape stays. Never throws.
 */
export function unquote(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => Buffer.from(escapes.replaceAll('%', ''), 'hex').toString())
}

/** Python's `urllib.parse.quote`: everything but letters, digits, `_.-~` and the characters of `safe` is escaped. */
export function quote(text: string, safe: string): string {
  let quoted = ''
  for (const char of text) quoted += /[\w.~-]/.test(char) || safe.includes(char) ? char : escaped(char)
  return quoted
}

function escaped(char: string): string {
  let text = ''
  for (const byte of Buffer.from(char)) text += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  return text
}

/** Is the source an http(s) URL, quoted or not? Loaders over a file system or a bucket decline those. */
export function isWebUrl(source: string): boolean {
  return /^https?:\/\//i.test(unquote(source))
}

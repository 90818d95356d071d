import { createHash } from 'node:crypto'

// A digest belongs to its bytes for good, so remembering it is no state: an original in memory is hashed once.
const digests = new WeakMap<Uint8Array, string>()

/**
 * Strong entity tag made of everything the bytes depend on: program, settings, request and the bytes of all
 * inputs. The same picture has the same tag on every worker, after every restart and on every machine, and it
 * is known before any picture is made.
 */
export function etagOf(inputs: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha1')
  for (const input of inputs) {
    const text = typeof input === 'string' ? input : digestOf(input)
    // The length keeps neighbours apart: ["ab", "c"] and ["a", "bc"] differ.
    hash.update(`${text.length}:${text}`)
  }
  return `"${hash.digest('hex')}"`
}

/** SHA-1 of bytes, hex; worked out once for a buffer that is kept. */
export function digestOf(bytes: Uint8Array): string {
  let digest = digests.get(bytes)
  if (digest === undefined) {
    digest = createHash('sha1').update(bytes).digest('hex')
    digests.set(bytes, digest)
  }
  return digest
}

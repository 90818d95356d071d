import { createHash } from 'node:crypto'

/**
 * Strong entity tag made of everything the bytes depend on: program, settings, request and the bytes of all
 * inputs. The same picture has the same tag on every worker, after every restart and on every machine, and it
 * is known before any picture is made.
 */
export function etagOf(inputs: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha1')
  for (const input of inputs) {
    // The length keeps neighbours apart: ["ab", "c"] and ["a", "bc"] differ.
    hash.update(`${input.length}:`)
    hash.update(input)
  }
  return `"${hash.digest('hex')}"`
}

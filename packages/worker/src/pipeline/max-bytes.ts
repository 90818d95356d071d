import { type Encoding, encodeAs, fallingQualities, finish } from '../engine/encode.ts'
import type { Pipeline } from '../engine/execute.ts'

/**
 * Encodes under `maxBytes` when a lower quality gets there, else at the wanted quality. `start` begins the pipeline
 * anew. Throws the signal's reason between two tries.
 */
export async function encodeWithin(
  start: () => Pipeline,
  encoding: Encoding,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const { maxBytes } = encoding
  const first = finish(await encodeAs(start(), encoding).toBuffer(), encoding)
  if (maxBytes === undefined || first.length <= maxBytes) return first
  for (const quality of fallingQualities(encoding.quality)) {
    signal?.throwIfAborted()
    const smaller = finish(await encodeAs(start(), encoding, quality).toBuffer(), encoding)
    if (smaller.length <= maxBytes) return smaller
  }
  return first
}

import { addAbortSignal, type Readable } from 'node:stream'
import { tooLarge } from './read-regular.ts'
import type { IoOptions } from './store.ts'

/**
 * A stream to its end, counted while it arrives. Throws SOURCE_TOO_LARGE beyond `io.maxBytes`, an AbortError when
 * aborted, and what the stream fails with. The stream is destroyed in every case.
 */
export async function readStream(stream: Readable, io: IoOptions): Promise<Buffer> {
  const maxBytes = io.maxBytes ?? Number.POSITIVE_INFINITY
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of addAbortSignal(io.signal, stream) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) throw tooLarge(undefined, maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

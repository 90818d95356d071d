import type { ServerResponse } from 'node:http'

/**
 * Writes items to an answer as they come, each as `text` says, no faster than the reader reads, and ends it. Stops
 * between two items once the signal is aborted. Throws what the items throw.
 */
export async function writeStream<T>(
  response: ServerResponse,
  items: AsyncIterable<T>,
  text: (item: T) => string,
  signal: AbortSignal,
): Promise<void> {
  response.flushHeaders()
  for await (const item of items) {
    if (signal.aborted) break
    if (!response.write(text(item))) await drained(response, signal)
  }
  response.end()
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    response.on('drain', done)
    signal.addEventListener('abort', done, { once: true })
    if (signal.aborted) done()
  })
}

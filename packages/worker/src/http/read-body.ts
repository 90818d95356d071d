import type { IncomingMessage } from 'node:http'
import { ImgsvcError } from '@imgsvc/core/errors'

/** Bytes of all bodies being held at once; a worker under a flood of uploads answers 503 instead of growing. */
const MAX_HELD = 128 * 1024 * 1024

/** Reads request bodies into memory, all of them together within a bound. */
export interface BodyReader {
  /**
   * Reads the body and runs with it; its bytes count as held until `run` is over. Throws BODY_TOO_LARGE beyond
   * `maxBytes`, BUSY when too much is held already, and the signal's reason.
   */
  with<T>(
    req: IncomingMessage,
    limits: { readonly maxBytes: number; readonly signal: AbortSignal },
    run: (body: Buffer) => Promise<T>,
  ): Promise<T>
}

export function createBodyReader(maxHeld = MAX_HELD): BodyReader {
  let held = 0
  return {
    async with(req, { maxBytes, signal }, run) {
      let own = 0
      const count = (bytes: number): void => {
        own += bytes
        held += bytes
        if (own > maxBytes) throw new ImgsvcError('BODY_TOO_LARGE', `at most ${maxBytes} bytes are read`)
        if (held > maxHeld) throw new ImgsvcError('BUSY', 'too many uploads at once')
      }
      try {
        return await run(await collect(req, signal, count))
      } finally {
        held -= own
      }
    },
  }
}

/** All chunks as one; `count` sees each as it arrives and may throw. What is left unread is Node's to throw away. */
function collect(req: IncomingMessage, signal: AbortSignal, count: (bytes: number) => void): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const settle = (end: () => void): void => {
      req.off('data', onData).off('end', onEnd).off('error', onError)
      signal.removeEventListener('abort', onAbort)
      end()
    }
    const onAbort = (): void => settle(() => reject(signal.reason))
    const onEnd = (): void => settle(() => resolve(Buffer.concat(chunks)))
    const onError = (error: Error): void => {
      // The connection broke: a late second error must not be unhandled.
      req.on('error', () => undefined)
      settle(() => reject(new ImgsvcError('CLIENT_GONE', error.message, { cause: error })))
    }
    const onData = (chunk: Buffer): void => {
      try {
        count(chunk.length)
        chunks.push(chunk)
      } catch (error) {
        settle(() => reject(error))
      }
    }
    if (signal.aborted) {
      reject(signal.reason)
      return
    }
    signal.addEventListener('abort', onAbort, { once: true })
    req.on('data', onData).once('end', onEnd).once('error', onError)
  })
}

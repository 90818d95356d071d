import type { ClientRequest, IncomingMessage } from 'node:http'
import { ImgsvcError } from '@imgsvc/core/errors'
import { pump } from './pump.ts'

/** Does the message carry a body (RFC 9112 §6.3)? */
export function hasBody(request: IncomingMessage): boolean {
  const { headers } = request
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** Throws BODY_TOO_LARGE when the announced length is over the limit, before a byte of it is read. */
export function checkAnnouncedLength(request: IncomingMessage, maxBytes: number): void {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > maxBytes) throw tooLarge(maxBytes)
}

/**
 * Writes a request's body into an upstream request, counting it while it passes: a chunked body has no announced
 * length. Over the limit the upstream request is destroyed with BODY_TOO_LARGE.
 */
export function writeBody(request: IncomingMessage, to: ClientRequest, maxBytes: number, progress: () => void): void {
  let count = 0
  const stop = pump(request, to, {
    onChunk(chunk) {
      count += chunk.length
      progress()
      if (count <= maxBytes) return true
      to.destroy(tooLarge(maxBytes))
      return false
    },
  })
  to.once('close', stop)
}

function tooLarge(maxBytes: number): ImgsvcError {
  return new ImgsvcError('BODY_TOO_LARGE', `at most ${maxBytes} bytes`)
}

import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ImgsvcError } from '@imgsvc/core/errors'

/** What belongs to one request from its first byte to its last. */
export interface RequestContext {
  readonly requestId: string
  /** Aborted with CLIENT_GONE when the client leaves and with DEADLINE when the time is up. */
  readonly signal: AbortSignal
  /** performance.now() at the beginning. */
  readonly startedAt: number
}

// What the balancer and sane clients send; anything else could forge log lines.
const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/

/** Watches the client and the clock until the answer is finished. */
export function openContext(req: IncomingMessage, res: ServerResponse, deadlineMs: number): RequestContext {
  const given = req.headers['x-request-id']
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
  const controller = new AbortController()
  // One request may wait on many things at once: a watermark for each of a hundred filters.
  setMaxListeners(0, controller.signal)
  const deadline = setTimeout(
    () => controller.abort(new ImgsvcError('DEADLINE', `no answer within ${deadlineMs} ms`)),
    deadlineMs,
  )
  // 'close' comes after the last byte or when the client is gone, whichever is first; never neither.
  res.once('close', () => {
    clearTimeout(deadline)
    if (!res.writableFinished) controller.abort(new ImgsvcError('CLIENT_GONE'))
  })
  return { requestId, signal: controller.signal, startedAt: performance.now() }
}

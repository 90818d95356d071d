import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ErrorCode, errorBody, type ImgsvcError } from '@imgsvc/core/errors'

// thumbor hides every failing upstream behind a 404 (`thumbor/loaders/http_loader.py`); time-outs stay 504.
const THUMBOR_STATUS: Partial<Record<ErrorCode, number>> = { SOURCE_FAILED: 404 }

export interface ErrorAnswerOptions {
  readonly requestId: string
  /** compat.thumborStatus */
  readonly thumborStatus: boolean
}

/** The status an error is answered with. */
export function statusOf(error: ImgsvcError, thumborStatus: boolean): number {
  return (thumborStatus ? THUMBOR_STATUS[error.code] : undefined) ?? error.status
}

/** Sends an error as JSON, never to be cached; the connection is cut when an answer had already begun. */
export function sendError(
  req: IncomingMessage,
  res: ServerResponse,
  error: ImgsvcError,
  { requestId, thumborStatus }: ErrorAnswerOptions,
): void {
  if (res.headersSent) {
    res.destroy()
    return
  }
  const status = statusOf(error, thumborStatus)
  const body = errorBody(error, requestId)
  const headers: Record<string, string | number> = {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  }
  if (status === 405) headers.Allow = res.getHeader('allow')?.toString() ?? 'GET, HEAD'
  if (status === 503) headers['Retry-After'] = 1
  res.writeHead(status, headers)
  res.end(req.method === 'HEAD' ? undefined : body)
}

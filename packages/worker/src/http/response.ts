import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Config } from '@imgsvc/core/config/schema'
import type { Answer } from '../pipeline/picture.ts'
import { type Stages, serverTiming } from '../pipeline/stages.ts'
import type { ResultHead } from '../pipeline/types.ts'

export interface HeaderOptions {
  readonly responses: Config['responses']
  /** For this client alone: shared caches are told not to keep it. */
  readonly isPersonal: boolean
}

/** Sends a picture, a document or a 304. Header spellings follow thumbor (`max-age=<n>,public`, no space). */
export function sendAnswer(
  req: IncomingMessage,
  res: ServerResponse,
  answer: Answer,
  { stages, ...options }: HeaderOptions & { readonly stages: Stages },
): void {
  const head = headHeaders(answer.result, Date.now(), options)
  const headers: Record<string, string | number> = { ...head, 'X-Cache': answer.cache }
  const timing = serverTiming(stages)
  if (timing) headers['Server-Timing'] = timing

  if (answer.kind === 'not-modified') {
    res.writeHead(304, headers).end()
    return
  }
  headers['Content-Type'] = answer.result.contentType
  headers['Content-Length'] = answer.result.data.length
  res.writeHead(200, headers)
  res.end(req.method === 'HEAD' ? undefined : answer.result.data)
}

/** The headers that follow from what is known before a picture is made; `now` is epoch ms. */
export function headHeaders(
  head: ResultHead,
  now: number,
  { responses, isPersonal }: HeaderOptions,
): Record<string, string> {
  const headers: Record<string, string> = {}
  if (responses.etags) headers.ETag = head.etag
  if (responses.lastModified) headers['Last-Modified'] = new Date(head.lastModified).toUTCString()
  if (responses.allowOrigin !== '') headers['Access-Control-Allow-Origin'] = responses.allowOrigin
  if (head.maxAge > 0) {
    headers['Cache-Control'] = `max-age=${head.maxAge},${isPersonal ? 'private' : 'public'}`
    headers.Expires = new Date(now + head.maxAge * 1000).toUTCString()
  } else if (isPersonal) {
    // Without a lifetime a shared cache may guess one.
    headers['Cache-Control'] = 'private'
  }
  if (head.vary) headers.Vary = 'Accept'
  if (head.ignored.length > 0) headers['X-Imgsvc-Ignored'] = headerText(head.ignored.join(' '))
  return headers
}

// A header may hold visible ASCII only; filter texts may hold anything and be long.
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 512)
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer } from '../pipeline/picture.ts'
import { type Stages, serverTiming } from '../pipeline/stages.ts'
import type { ResultHead } from '../pipeline/types.ts'

/** Sends a picture, a document or a 304. Header spellings follow thumbor (`max-age=<n>,public`, no space). */
export function sendAnswer(req: IncomingMessage, res: ServerResponse, answer: Answer, stages: Stages): void {
  const headers: Record<string, string | number> = { ...headHeaders(answer.result, Date.now()), 'X-Cache': answer.cache }
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
export function headHeaders(head: ResultHead, now: number): Record<string, string> {
  const headers: Record<string, string> = {
    ETag: head.etag,
    'Last-Modified': new Date(head.lastModified).toUTCString(),
  }
  if (head.maxAge > 0) {
    headers['Cache-Control'] = `max-age=${head.maxAge},public`
    headers.Expires = new Date(now + head.maxAge * 1000).toUTCString()
  }
  if (head.vary) headers.Vary = 'Accept'
  if (head.ignored.length > 0) headers['X-Imgsvc-Ignored'] = headerText(head.ignored.join(' '))
  return headers
}

// A header may hold visible ASCII only; filter texts may hold anything and be long.
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 512)
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer } from '../pipeline/picture.ts'
import { type Stages, serverTiming } from '../pipeline/stages.ts'

/** Sends a picture, a document or a 304. Header spellings follow thumbor (`max-age=<n>,public`, no space). */
export function sendAnswer(req: IncomingMessage, res: ServerResponse, answer: Answer, stages: Stages): void {
  const { result } = answer
  const headers: Record<string, string | number> = {
    ETag: result.etag,
    'Last-Modified': new Date(result.lastModified).toUTCString(),
    'X-Cache': answer.cache,
  }
  if (result.maxAge > 0) {
    headers['Cache-Control'] = `max-age=${result.maxAge},public`
    headers.Expires = new Date(Date.now() + result.maxAge * 1000).toUTCString()
  }
  if (result.vary) headers.Vary = 'Accept'
  if (result.ignored.length > 0) headers['X-Imgsvc-Ignored'] = headerText(result.ignored.join(' '))
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

// A header may hold visible ASCII only; filter texts may hold anything and be long.
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 512)
}

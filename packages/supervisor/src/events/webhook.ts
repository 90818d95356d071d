import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { ServiceEvent } from '@imgsvc/core/events'
import type { Attempt } from './delivery.ts'

export interface WebhookTarget {
  readonly url: string
  /** Value of `X-Imgsvc-Secret`; empty: no such header. */
  readonly secret: string
  readonly timeoutMs: number
}

const AGAIN: ReadonlySet<number> = new Set([408, 425, 429])

/**
 * Posts one event as JSON. 2xx is taken; a server in trouble, 408, 425, 429, a broken connection and a time-out are worth
 * another try; everything else, redirects included, is not. Rejects only when the signal fires.
 */
export function postEvent(event: ServiceEvent, target: WebhookTarget, signal: AbortSignal): Promise<Attempt> {
  const { url, secret, timeoutMs } = target
  const body = Buffer.from(JSON.stringify(event))
  const send = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const leave = () => request.destroy(new Error('stopped'))
    const request = send(url, {
      method: 'POST',
      agent: false,
      headers: {
        'content-type': 'application/json',
        'content-length': body.length,
        'user-agent': 'imgsvc',
        'x-imgsvc-event': event.type,
        ...(secret !== '' && { 'x-imgsvc-secret': secret }),
      },
    })
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    signal.addEventListener('abort', leave, { once: true })
    request.on('close', () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', leave)
    })
    request.on('error', (error) => {
      if (signal.aborted) reject(signal.reason)
      else resolve({ kind: 'retry', why: error.message })
    })
    request.on('response', (response) => {
      // Its body says nothing that would be used, and may never end.
      resolve(attemptOf(response.statusCode ?? 0))
      response.destroy()
    })
    request.end(body)
  })
}

function attemptOf(status: number): Attempt {
  if (status >= 200 && status < 300) return { kind: 'ok' }
  const why = `it answered ${status}`
  return status >= 500 || AGAIN.has(status) ? { kind: 'retry', why } : { kind: 'refused', why }
}

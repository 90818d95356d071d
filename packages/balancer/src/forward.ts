import type { Clock } from '@imgsvc/core/clock'
import { ImgsvcError } from '@imgsvc/core/errors'
import { type Attempt, type FailedOutcome, type UpstreamRequest, WITHDRAWN } from './attempt.ts'
import type { Exchange, Try } from './exchange.ts'
import { forwardHeaders } from './forward-headers.ts'
import type { InHand } from './in-hand.ts'
import type { PassOn } from './pass-on.ts'
import type { UpstreamPool } from './pool/pool.ts'
import type { Upstream } from './pool/upstream.ts'
import type { UpstreamProxy } from './proxy.ts'
import { checkAnnouncedLength, hasBody, writeBody } from './request-body.ts'
import type { RequestTarget } from './request-target.ts'

export interface ForwardOptions {
  readonly clock: Clock
  readonly pool: UpstreamPool
  readonly proxy: UpstreamProxy
  readonly passOn: PassOn
  readonly inHand: InHand
  /** Largest request body, bytes; read at every request, so that it changes live. */
  readonly maxBody: () => number
}

export type Forward = (exchange: Exchange, target: RequestTarget) => Promise<void>

/** Longest wait for a worker, ms. Covers the restart of a lone worker. */
const WAIT_MS = 2000
/** Times a request may reach a worker: the first and one more. */
const MAX_SENT = 2
/** Broken idle connections that do not count as tries; each closes all others to its worker, so more is a fault. */
const MAX_STALE = 8

/**
 * Sends a request to a worker and its answer to the client. A refused connection goes on to the next worker; a request
 * that was sent is repeated once, only GET and HEAD without a body, only before the answer began, and not after a
 * timeout. Such a request also leaves a worker that is taken out of service (it hangs) for another one at once. With no
 * worker left it waits for one. Rejects with NO_WORKER, BUSY, WORKER_FAILED, WORKER_TIMEOUT,
 * BODY_TOO_LARGE, CLIENT_GONE.
 */
export function createForward(options: ForwardOptions): Forward {
  const { clock, pool, proxy } = options

  async function attempt(exchange: Exchange, upstream: Upstream, sending: Sending): Promise<Attempt> {
    const release = pool.acquire(upstream)
    const done = options.inHand.add(upstream, exchange)
    // Nowhere to go: the worker may still wake up, and if it is killed the request is repeated then.
    const hold = holdFor(exchange.signal, upstream, () => sending.mayMove && pool.anyUp())
    const result = await proxy.send(upstream, sending.request, hold.signal)
    hold.end()
    exchange.tries.push(tryOf(upstream, result))
    if (result.outcome === 'answered') {
      pool.succeeded(upstream)
      const { answer } = result
      const leave = () => {
        release()
        done(!answer.complete)
      }
      answer.once('close', leave)
      if (answer.closed) leave()
      return result
    }
    release()
    done(result.outcome !== 'aborted')
    if (isWorkersFault(result)) pool.failed(upstream)
    return result
  }

  return async function forward(exchange, target) {
    const { request: received, signal } = exchange
    checkAnnouncedLength(received, options.maxBody())
    // Only now: a body that is too large is refused before it is sent (RFC 9110 §10.1.1).
    if (/^100-continue$/i.test(received.headers.expect ?? '')) exchange.response.writeContinue()
    const request: UpstreamRequest = {
      method: received.method ?? 'GET',
      path: target.path,
      headers: forwardHeaders(received, { requestId: exchange.requestId, host: target.host }),
      writeBody: hasBody(received) ? (to, progress) => writeBody(received, to, options.maxBody(), progress) : undefined,
    }
    const isRepeatable = (request.method === 'GET' || request.method === 'HEAD') && !request.writeBody
    const next = createChoice(pool, clock, target.path, signal)
    let sent = 0
    let stale = 0
    let last: FailedOutcome | undefined
    for (;;) {
      const upstream = await next()
      if (!upstream) throw failureOf(last, pool.anyUp())
      const mayMove = isRepeatable && sent + 1 < MAX_SENT
      const result = await attempt(exchange, upstream, { request, mayMove })
      if (result.outcome === 'answered') {
        options.passOn(exchange, result.answer, result.upstreamRequest)
        return
      }
      if (result.cause instanceof ImgsvcError) throw result.cause
      last = result.outcome
      const isFree = result.stale && isRepeatable && ++stale <= MAX_STALE
      if (isFree) {
        next.again(upstream)
        continue
      }
      if (!isUnsent(result.outcome)) sent++
      const isBroken = last === 'reset' || last === 'withdrawn'
      const mayRepeat = isUnsent(last) || (isRepeatable && isBroken && sent < MAX_SENT)
      if (!mayRepeat) throw failureOf(last, true)
    }
  }
}

interface Sending {
  readonly request: UpstreamRequest
  /** Another worker may have it, if this one is taken out of service before it answers. */
  readonly mayMove: boolean
}

/** A signal that fires when the client leaves, or when the worker is withdrawn and `mayMove()` holds. */
function holdFor(gone: AbortSignal, { onWithdrawn }: Upstream, mayMove: () => boolean) {
  const hold = new AbortController()
  const leave = () => hold.abort(gone.reason)
  const move = () => {
    if (mayMove()) hold.abort(WITHDRAWN)
  }
  gone.addEventListener('abort', leave)
  onWithdrawn.add(move)
  if (gone.aborted) leave()
  return {
    signal: hold.signal,
    end() {
      gone.removeEventListener('abort', leave)
      onWithdrawn.delete(move)
    },
  }
}

/** Hands out workers that were not tried yet; when there is none, waits for one. undefined: none came in time. */
function createChoice(pool: UpstreamPool, clock: Clock, key: string, signal: AbortSignal) {
  const tried = new Set<Upstream>()
  let deadline: number | undefined
  const next = async (): Promise<Upstream | undefined> => {
    for (;;) {
      for (const upstream of pool.candidates(key)) {
        if (tried.has(upstream)) continue
        tried.add(upstream)
        return upstream
      }
      deadline ??= clock.monotonic() + WAIT_MS
      const left = deadline - clock.monotonic()
      if (left <= 0 || !(await pool.wait(left, signal))) return undefined
      // Something has changed: a worker that refused may have come back.
      tried.clear()
    }
  }
  return Object.assign(next, { again: (upstream: Upstream) => tried.delete(upstream) })
}

function isUnsent(outcome: FailedOutcome): boolean {
  return outcome === 'refused' || outcome === 'connect-timeout'
}

/** A slow answer is no fault of the worker's: the request may be the reason (nginx marks it failed and loses all). */
function isWorkersFault(result: Exclude<Attempt, { outcome: 'answered' }>): boolean {
  if (result.stale || result.cause instanceof ImgsvcError) return false
  return isUnsent(result.outcome) || result.outcome === 'reset'
}

function failureOf(last: FailedOutcome | undefined, anyUp: boolean): ImgsvcError {
  switch (last) {
    case 'aborted':
      return new ImgsvcError('CLIENT_GONE')
    case 'connect-timeout':
      return new ImgsvcError('WORKER_TIMEOUT', 'no connection in time')
    case 'response-timeout':
      return new ImgsvcError('WORKER_TIMEOUT')
    case 'reset':
      return new ImgsvcError('WORKER_FAILED', 'it closed the connection before it answered')
    case 'withdrawn':
    case 'refused':
      return new ImgsvcError('NO_WORKER')
    case undefined:
      return anyUp
        ? new ImgsvcError('BUSY', 'every worker has as many requests as it takes')
        : new ImgsvcError('NO_WORKER')
  }
}

function tryOf(upstream: Upstream, attempt: Attempt): Try {
  const { connectMs, ms } = attempt
  const isAnswered = attempt.outcome === 'answered'
  return {
    worker: upstream.id,
    outcome: isAnswered ? 'ok' : attempt.outcome,
    ...(connectMs !== undefined && { connectMs: round(connectMs) }),
    ...(isAnswered && { firstByteMs: round(ms) }),
    ms: round(ms),
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}

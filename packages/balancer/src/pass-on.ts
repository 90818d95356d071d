import type { ClientRequest, IncomingMessage } from 'node:http'
import { ImgsvcError } from '@imgsvc/core/errors'
import { answerHeaders, cutOff } from './answer.ts'
import type { Exchange } from './exchange.ts'
import { pump } from './pump.ts'

export interface PassOnOptions {
  /** Longest pause within an answer, ms; read at every request, so that it changes live. */
  readonly idleTimeout: () => number
  /** True while the balancer is stopping: connections end with their answer. */
  readonly isClosing: () => boolean
}

/**
 * Passes a worker's answer on to the client. When the worker breaks off or pauses too long, the client's connection is
 * reset at once; when the client leaves or stops reading, the worker's is closed. Throws WORKER_FAILED when the
 * answer's head is not HTTP.
 */
export type PassOn = (exchange: Exchange, answer: IncomingMessage, upstreamRequest: ClientRequest) => void

export function createPassOn(options: PassOnOptions): PassOn {
  return (exchange, answer, upstreamRequest) => {
    const { request, response, signal } = exchange
    writeHead(exchange, answer, options.isClosing())
    let isReaderSlow = false
    let isBroken = false
    const timer = setTimeout(() => breakOff(isReaderSlow ? 'client-stalled' : 'worker-stalled'), options.idleTimeout())
    const stop = pump(answer, response, {
      onChunk(chunk) {
        exchange.bytes += chunk.length
        timer.refresh()
        return true
      },
      onFull() {
        isReaderSlow = true
      },
      onDrain() {
        isReaderSlow = false
        timer.refresh()
      },
    })
    const leave = () => breakOff('client-gone')
    const settle = () => {
      stop()
      if (!answer.complete) breakOff('worker-died')
      // A worker may answer before it has read the whole request; the rest is for nobody.
      else if (!upstreamRequest.writableFinished) request.resume()
      // From here on only the client can be slow, with what is buffered for it.
      isReaderSlow = true
      timer.refresh()
    }
    const over = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', leave)
    }
    function breakOff(reason: Exchange['end']): void {
      if (isBroken) return
      isBroken = true
      exchange.end = reason
      upstreamRequest.destroy()
      answer.destroy()
      cutOff(exchange)
    }
    signal.addEventListener('abort', leave)
    answer.once('close', settle)
    response.once('close', over)
    if (!signal.aborted) return
    leave()
    over()
  }
}

function writeHead(exchange: Exchange, answer: IncomingMessage, isClosing: boolean): void {
  try {
    exchange.response.writeHead(answer.statusCode ?? 0, answerHeaders(answer, exchange.requestId, isClosing))
  } catch (error) {
    // A status below 100, say: Node parses it but does not send it.
    answer.destroy()
    throw new ImgsvcError('WORKER_FAILED', `its answer is not HTTP: ${(error as Error).message}`, { cause: error })
  }
}

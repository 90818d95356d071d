import { createHash } from 'node:crypto'
import { type Agent, type IncomingMessage, request } from 'node:http'

/** What a whole and right answer is. */
export interface Expected {
  readonly bytes: number
  readonly sha1: string
}

export interface Answer {
  readonly status: number
  readonly bytes: number
  readonly sha1: string
}

/** Why a request counts as lost, as a word to count by and a sentence to read. */
export interface Loss {
  readonly reason: 'refused' | 'reset' | 'timeout' | 'status' | 'truncated' | 'wrong bytes' | 'other'
  readonly detail: string
  /** The connection was made for this request and broke before a byte of an answer: maybe nobody ever accepted it. */
  readonly isUnanswered?: true
}

export interface RequestOptions {
  readonly agent: Agent
  readonly url: string
  readonly userAgent: string
  /** Time for the whole answer, ms. */
  readonly timeoutMs: number
}

/** Fetches a whole answer; rejects with what broke it. A body shorter than its Content-Length is ECONNRESET. */
export function fetchWhole({ agent, url, userAgent, timeoutMs }: RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, headers: { 'user-agent': userAgent } })
    const timer = setTimeout(() => sent.destroy(new TimeoutError(timeoutMs)), timeoutMs)
    const finish = (error: Error | undefined, answer?: Answer) => {
      clearTimeout(timer)
      if (answer) resolve(answer)
      else reject(error)
    }
    let isAnswered = false
    sent.on('error', (error) => {
      const isUnanswered = isReset(error) && !isAnswered && !sent.reusedSocket
      finish(isUnanswered ? new UnansweredError(error.message, { cause: error }) : error)
    })
    sent.on('response', (response) => {
      isAnswered = true
      readBody(response).then((answer) => finish(undefined, answer), finish)
    })
    sent.end()
  })
}

class TimeoutError extends Error {
  constructor(ms: number) {
    super(`no whole answer within ${ms} ms`)
  }
}

class TruncatedError extends Error {}

class UnansweredError extends Error {}

const isReset = ({ code }: NodeJS.ErrnoException) => code === 'ECONNRESET' || code === 'EPIPE'

async function readBody(response: IncomingMessage): Promise<Answer> {
  const hash = createHash('sha1')
  let bytes = 0
  try {
    for await (const chunk of response) {
      bytes += (chunk as Buffer).length
      hash.update(chunk as Buffer)
    }
  } catch (error) {
    if (error instanceof TimeoutError) throw error
    const announced = response.headers['content-length'] ?? 'unknown'
    throw new TruncatedError(`broke off after ${bytes} of ${announced} bytes`, { cause: error })
  }
  return { status: response.statusCode ?? 0, bytes, sha1: hash.digest('hex') }
}

/** Compares an answer with what it should be; undefined when all is well. */
export function lossOf(answer: Answer, expected: Expected): Loss | undefined {
  if (answer.status !== 200) return { reason: 'status', detail: `status ${answer.status}` }
  if (answer.bytes !== expected.bytes) {
    return { reason: 'wrong bytes', detail: `${answer.bytes} bytes instead of ${expected.bytes}` }
  }
  if (answer.sha1 !== expected.sha1) {
    return { reason: 'wrong bytes', detail: `${answer.bytes} bytes with sha1 ${answer.sha1}, not ${expected.sha1}` }
  }
  return undefined
}

/** The loss behind an error of `fetchWhole`. */
export function lossBehind(error: unknown): Loss {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof UnansweredError) return { reason: 'reset', detail: message, isUnanswered: true }
  if (error instanceof TimeoutError) return { reason: 'timeout', detail: message }
  if (error instanceof TruncatedError) return { reason: 'truncated', detail: message }
  if (code === 'ECONNREFUSED') return { reason: 'refused', detail: message }
  if (isReset(error as NodeJS.ErrnoException)) return { reason: 'reset', detail: message }
  return { reason: 'other', detail: message }
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import { ImgsvcError, toImgsvcError } from './errors.ts'
import { writeStream } from './write-stream.ts'

/**
 * The methods of a control API by name. The signal fires when the caller leaves. A method that resolves to an
 * AsyncIterable is answered as a stream of JSON lines; its iterator must end when the signal fires.
 */
export type RpcMethods = Readonly<
  Record<string, ((params: never, signal: AbortSignal) => Promise<unknown>) | undefined>
>

/** Where failures of the control API itself are reported; pino's Logger fits. */
export interface RpcLog {
  warn(fields: object, message: string): void
}

export interface RpcHandler {
  /** Answers one request; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Fires the signal of every call under way, which ends its stream. */
  abort(): void
}

const PREFIX = '/v1/'
const MAX_BODY = 1024 * 1024

/**
 * The wire format of all control sockets and of the admin port: `POST /v1/<method>` with params as a JSON object
 * (at most 1 MB), the result as JSON or NDJSON, an error as `{ error: { code, message } }` with its status.
 * Access control is the caller's.
 */
export function createRpcHandler(methods: RpcMethods, log?: RpcLog): RpcHandler {
  const calls = new Set<AbortController>()
  return {
    async handle(request, response) {
      const call = new AbortController()
      const leave = () => {
        if (!response.writableFinished) call.abort(new ImgsvcError('CLIENT_GONE', 'the caller closed the connection'))
      }
      calls.add(call)
      response.on('close', leave)
      try {
        const name = methodName(request)
        const method = Object.hasOwn(methods, name) ? methods[name] : undefined
        if (!method) throw new ImgsvcError('CONTROL_METHOD_UNKNOWN', JSON.stringify(name))
        const params = await readParams(request)
        const result = await method(params as never, call.signal)
        if (isStream(result)) await sendStream(response, result, call.signal)
        else sendJson(response, 200, result)
      } catch (error) {
        if (!call.signal.aborted) log?.warn({ err: error, url: request.url }, 'control call failed')
        sendError(response, toImgsvcError(error))
      } finally {
        calls.delete(call)
      }
    },
    abort() {
      for (const call of calls) call.abort(new ImgsvcError('CLIENT_GONE', 'the control socket is closing'))
    },
  }
}

function methodName(request: IncomingMessage): string {
  const path = (request.url ?? '').split('?', 1)[0] as string
  if (!path.startsWith(PREFIX)) throw new ImgsvcError('URL_NOT_FOUND', `${path}; expected ${PREFIX}<method>`)
  if (request.method !== 'POST')
    throw new ImgsvcError('METHOD_NOT_ALLOWED', `${request.method}; control calls are POST`)
  return path.slice(PREFIX.length)
}

async function readParams(request: IncomingMessage): Promise<object> {
  const chunks: Buffer[] = []
  let size = 0
  // The iterator must not destroy the request when the body is refused: the answer uses the same socket.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length
    if (size > MAX_BODY) throw new ImgsvcError('BODY_TOO_LARGE', `control params are at most ${MAX_BODY} bytes`)
    chunks.push(chunk as Buffer)
  }
  const text = Buffer.concat(chunks).toString('utf8').trim()
  if (text === '') return {}
  let params: unknown
  try {
    params = JSON.parse(text)
  } catch (error) {
    throw new ImgsvcError('CONTROL_PARAMS_INVALID', `the body is not JSON: ${(error as Error).message}`)
  }
  if (typeof params === 'object' && params !== null && !Array.isArray(params)) return params
  throw new ImgsvcError('CONTROL_PARAMS_INVALID', 'the body must be a JSON object')
}

function isStream(result: unknown): result is AsyncIterable<unknown> {
  return typeof result === 'object' && result !== null && Symbol.asyncIterator in result
}

async function sendStream(response: ServerResponse, items: AsyncIterable<unknown>, signal: AbortSignal): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
  await writeStream(response, items, (item) => `${JSON.stringify(item)}\n`, signal)
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = `${JSON.stringify(value ?? null)}\n`
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  })
  response.end(body)
}

function sendError(response: ServerResponse, error: ImgsvcError): void {
  if (response.destroyed) return
  // A stream that has begun cannot change its status any more: cutting it off is the only honest end.
  if (response.headersSent) {
    response.destroy()
    return
  }
  if (!response.req.complete) {
    // A refused body: let it run out, or the reset would overtake the answer; then give the connection up.
    response.req.resume()
    response.setHeader('connection', 'close')
  }
  // Operators read this, not strangers: the detail is always shown.
  sendJson(response, error.status, { error: { code: error.code, message: error.message } })
}

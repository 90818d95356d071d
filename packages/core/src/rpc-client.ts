import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { ERRORS, type ErrorCode, ImgsvcError } from './errors.ts'

/** The shape both ControlMethods and ChildMethods have. */
type MethodTable<T> = { readonly [M in keyof T]: { params: unknown; result: unknown } }

export interface CallOptions {
  /** Aborting rejects the call, or ends the stream, with the signal's reason. */
  readonly signal?: AbortSignal
  /** Time until the answer begins, ms; default 5000. A stream may then last for ever. */
  readonly timeoutMs?: number
}

export interface RpcClient<T extends MethodTable<T>> {
  /**
   * Calls a method; a streamed result resolves to an AsyncIterable. Rejects with the server's ImgsvcError,
   * NOT_RUNNING when nobody answers on the socket, CONTROL_FORBIDDEN when it belongs to another user,
   * DEADLINE when no answer came in time.
   */
  call<M extends keyof T & string>(method: M, params: T[M]['params'], options?: CallOptions): Promise<T[M]['result']>
}

const DEFAULT_TIMEOUT_MS = 5000
const MAX_ANSWER = 64 * 1024 * 1024

/** Client of a control socket (wire format: rpc-handler.ts); each call has its own connection. */
export function rpcClient<T extends MethodTable<T>>(socketPath: string): RpcClient<T> {
  return {
    async call<M extends keyof T & string>(method: M, params: T[M]['params'], options: CallOptions = {}) {
      const response = await send(socketPath, method, JSON.stringify(params ?? {}), options)
      if (response.statusCode === 200 && response.headers['content-type'] === 'application/x-ndjson') {
        return readLines(response, options.signal) as T[M]['result']
      }
      const text = await readText(response, socketPath)
      return readResult(text, response.statusCode ?? 0, socketPath) as T[M]['result']
    },
  }
}

function send(socketPath: string, method: string, body: string, options: CallOptions): Promise<IncomingMessage> {
  const { signal, timeoutMs = DEFAULT_TIMEOUT_MS } = options
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const request: ClientRequest = httpRequest({
      socketPath,
      path: `/v1/${method}`,
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), connection: 'close' },
    })
    const expire = () =>
      request.destroy(new ImgsvcError('DEADLINE', `${method} on ${socketPath} did not answer within ${timeoutMs} ms`))
    const timer = setTimeout(expire, timeoutMs)
    const leave = () => request.destroy(signal?.reason instanceof Error ? signal.reason : new Error('aborted'))
    signal?.addEventListener('abort', leave, { once: true })
    request.on('close', () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', leave)
    })
    request.on('response', (response) => {
      // The rest of an ordinary answer is still under the same deadline.
      if (response.headers['content-type'] === 'application/x-ndjson') clearTimeout(timer)
      resolve(response)
    })
    request.on('error', (error) => reject(signal?.aborted ? signal.reason : connectionError(error, socketPath)))
    request.end(body)
  })
}

function connectionError(error: Error, socketPath: string): ImgsvcError {
  if (error instanceof ImgsvcError) return error
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EACCES')
    return new ImgsvcError('CONTROL_FORBIDDEN', `no permission for ${socketPath}`, { cause: error })
  const absent = code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR'
  const detail = absent ? `nobody answers on ${socketPath}` : `the connection to ${socketPath} broke: ${error.message}`
  return new ImgsvcError('NOT_RUNNING', detail, { cause: error })
}

async function readText(response: IncomingMessage, socketPath: string): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of response) {
      size += (chunk as Buffer).length
      if (size > MAX_ANSWER) throw new ImgsvcError('INTERNAL', `an answer over ${MAX_ANSWER} bytes from ${socketPath}`)
      chunks.push(chunk as Buffer)
    }
  } catch (error) {
    throw connectionError(error as Error, socketPath)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function readResult(text: string, status: number, socketPath: string): unknown {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch (error) {
    throw new ImgsvcError('INTERNAL', `${socketPath} answered ${status} without JSON`, { cause: error })
  }
  if (status === 200) return answer
  const { code, message = '' } = (answer as { error?: { code?: string; message?: string } } | null)?.error ?? {}
  if (code === undefined || !Object.hasOwn(ERRORS, code)) {
    throw new ImgsvcError('INTERNAL', `${socketPath} answered ${status}: ${message}`)
  }
  const { text: sentence } = ERRORS[code as ErrorCode]
  throw new ImgsvcError(
    code as ErrorCode,
    message.startsWith(`${sentence}: `) ? message.slice(sentence.length + 2) : undefined,
  )
}

async function* readLines(response: IncomingMessage, signal: AbortSignal | undefined): AsyncGenerator<unknown> {
  let rest = ''
  response.setEncoding('utf8')
  try {
    for await (const chunk of response) {
      const lines = (rest + (chunk as string)).split('\n')
      rest = lines.pop() as string
      for (const line of lines) yield JSON.parse(line)
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    if (error instanceof ImgsvcError || (error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error
    throw new ImgsvcError('NOT_RUNNING', 'the stream was cut off', { cause: error })
  }
}

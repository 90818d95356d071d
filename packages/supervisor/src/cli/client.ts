import type { ControlMethod, ControlMethods, ControlParams, ControlResult } from '@imgsvc/core/control'
import { ImgsvcError } from '@imgsvc/core/errors'
import { rpcClient } from '@imgsvc/core/rpc-client'
import { seconds } from './format.ts'

/** Client of the supervisor's control socket. */
export interface ControlClient {
  /** Calls a method and waits for its result as long as the supervisor lives. Throws NOT_RUNNING and what the method throws. */
  call<M extends ControlMethod>(method: M, params: ControlParams<M>, signal?: AbortSignal): Promise<ControlResult<M>>
}

export interface ClientTiming {
  /** How long a reading method may take, and how long the supervisor may keep silent before an action, ms. */
  readonly answerMs: number
  /** Pause between looks at the supervisor while an action lasts, ms. */
  readonly watchMs: number
}

const READS: ReadonlySet<ControlMethod> = new Set(['supervisor.info', 'process.list', 'process.stats', 'config.show'])
const TIMING: ClientTiming = { answerMs: 2000, watchMs: 5000 }
// Node's longest timer: an action lasts as long as it lasts, the watch ends it when the supervisor is gone.
const FOR_EVER = 2 ** 31 - 1

/**
 * A client that never hangs: reading methods answer or fail within `answerMs`, actions may take their time while the
 * supervisor keeps answering `supervisor.info`.
 */
export function createControlClient(socketPath: string, timing: ClientTiming = TIMING): ControlClient {
  const rpc = rpcClient<ControlMethods>(socketPath)
  const read = async <M extends ControlMethod>(method: M, params: ControlParams<M>, signal?: AbortSignal) => {
    try {
      return await rpc.call(method, params, { timeoutMs: timing.answerMs, ...(signal && { signal }) })
    } catch (error) {
      throw notReachable(error, socketPath, timing.answerMs)
    }
  }
  return {
    async call(method, params, signal) {
      if (READS.has(method)) return read(method, params, signal)
      await read('supervisor.info', {}, signal)
      const lost = new AbortController()
      const look = () => {
        read('supervisor.info', {}).catch((error: unknown) => lost.abort(error))
      }
      const watch = setInterval(look, timing.watchMs)
      try {
        const ends = signal ? AbortSignal.any([signal, lost.signal]) : lost.signal
        return await rpc.call(method, params, { timeoutMs: FOR_EVER, signal: ends })
      } catch (error) {
        throw notReachable(error, socketPath, timing.answerMs)
      } finally {
        clearInterval(watch)
      }
    },
  }
}

function notReachable(error: unknown, socketPath: string, answerMs: number): unknown {
  if (!(error instanceof ImgsvcError)) return error
  // The connection's own failures carry the system's error; what the supervisor answers does not.
  if (error.code === 'NOT_RUNNING' && error.cause !== undefined) {
    return new ImgsvcError('NOT_RUNNING', `no answer on ${socketPath}`, { cause: error })
  }
  if (error.code === 'DEADLINE') {
    return new ImgsvcError('NOT_RUNNING', `no answer on ${socketPath} within ${seconds(answerMs)}`, { cause: error })
  }
  return error
}

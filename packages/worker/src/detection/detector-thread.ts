import { Worker } from 'node:worker_threads'
import { type Clock, systemClock } from '@imgsvc/core/clock'
import { ImgsvcError } from '@imgsvc/core/errors'
import { createLimiter } from '../pipeline/limiter.ts'
import { untilAborted } from '../pipeline/single-flight.ts'
import type { Found, Reply, Task } from './task.ts'

export interface DetectorThreadOptions {
  /** What the thread runs. */
  readonly program: URL
  /** ms; `queue` is the number of tasks that may wait. */
  readonly settings: () => { readonly timeout: number; readonly idleTimeout: number; readonly queue: number }
  readonly clock?: Clock
}

/** OpenCV in a thread of its own: one task at a time, off the event loop, and nothing in memory while there is no work. */
export interface DetectorThread {
  /**
   * Throws DETECTION_FAILED, DETECTION_TIMEOUT, BUSY when too many wait or its turn does not come within the time a task
   * has, and the signal's reason. A task that was begun goes on for nobody when its caller leaves: starting a new thread
   * would cost more.
   */
  run(task: Task, signal: AbortSignal): Promise<readonly Found[]>
  readonly isRunning: boolean
  /** Ends the thread; what is under way fails. */
  close(): Promise<void>
}

/** Nothing is started before the first task. A thread that is too slow or dies is replaced at the next task. */
export function createDetectorThread({
  program,
  settings,
  clock = systemClock,
}: DetectorThreadOptions): DetectorThread {
  const queue = createLimiter(1, settings().queue)
  let thread: Worker | undefined
  let cancelIdle = () => {}
  let isClosed = false

  async function end(): Promise<void> {
    const ending = thread
    thread = undefined
    await ending?.terminate()
  }

  function start(): Worker {
    const started = new Worker(program)
    const gone = () => {
      if (thread === started) thread = undefined
    }
    // One that threw is about to exit and takes no task any more. Between tasks nobody else listens to it.
    started.on('error', gone).once('exit', gone)
    // It must not keep the process alive.
    started.unref()
    thread = started
    return started
  }

  async function ask(task: Task, timeout: number): Promise<readonly Found[]> {
    if (isClosed) throw new ImgsvcError('DETECTION_FAILED', 'the detectors are closed')
    cancelIdle()
    try {
      const reply = await replyOf(thread ?? start(), task, timeout, clock)
      if (reply.ok) return reply.found
      throw new ImgsvcError('DETECTION_FAILED', reply.message)
    } catch (error) {
      if (error instanceof ImgsvcError && error.code === 'DETECTION_TIMEOUT') await end()
      throw error
    } finally {
      if (thread) cancelIdle = clock.timer(settings().idleTimeout, () => void end())
    }
  }

  return {
    get isRunning() {
      return thread !== undefined
    },
    async run(task, signal) {
      signal.throwIfAborted()
      const { queue: longest, timeout } = settings()
      queue.setQueue(longest)
      const waiting = new AbortController()
      const tooLong = new ImgsvcError('BUSY', `the detector thread was not free within ${timeout} ms`)
      const stopWaiting = clock.timer(timeout, () => waiting.abort(tooLong))
      const answer = queue.run(AbortSignal.any([signal, waiting.signal]), () => {
        stopWaiting()
        return ask(task, timeout)
      })
      try {
        return await untilAborted(answer, signal)
      } finally {
        stopWaiting()
      }
    },
    async close() {
      isClosed = true
      cancelIdle()
      await end()
    },
  }
}

/** The answer to one task. Throws DETECTION_FAILED when the thread dies first and DETECTION_TIMEOUT after `ms`. */
function replyOf(thread: Worker, task: Task, ms: number, clock: Clock): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const settle = (run: () => void) => {
      cancel()
      thread.off('message', onMessage).off('error', onError).off('exit', onExit)
      run()
    }
    const onMessage = (reply: Reply) => settle(() => resolve(reply))
    const onError = (cause: unknown) =>
      settle(() => reject(new ImgsvcError('DETECTION_FAILED', 'the detector thread failed', { cause })))
    const onExit = (code: number) =>
      settle(() => reject(new ImgsvcError('DETECTION_FAILED', `the detector thread ended with ${code}`)))
    const cancel = clock.timer(ms, () =>
      settle(() => reject(new ImgsvcError('DETECTION_TIMEOUT', `the detector was not done after ${ms} ms`))),
    )
    thread.on('message', onMessage).on('error', onError).on('exit', onExit)
    thread.postMessage(task)
  })
}

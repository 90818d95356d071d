import { readFileSync, rmSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { z } from 'zod'

/** Where a process was when its event loop was blocked. */
export interface HangStack {
  readonly pid: number
  /** Epoch ms. */
  readonly at: number
  /** How long the loop had been blocked, ms. */
  readonly blockedMs: number
  /** Calls, innermost first: `decode (file:///…/decode.js:12:3)`. Empty when no JavaScript was at work. */
  readonly stack: readonly string[]
}

export interface HangWatch {
  close(): Promise<void>
}

interface Settings {
  readonly pulse: SharedArrayBuffer
  readonly afterMs: number
  readonly periodMs: number
  readonly path: string
}

const PERIOD_MS = 200
const DELAY_MS = 500

/**
 * Watches this thread's event loop from another thread. When it has been blocked for `afterMs`, that thread asks V8 where
 * it is (as a debugger does, without opening a port) and leaves the stack in the file `path`, once per block. A library
 * that does not return cannot be interrupted; then the file says when, but not where.
 */
export function startHangWatch(path: string, afterMs: number): HangWatch {
  const pulse = new SharedArrayBuffer(4)
  const beats = new Int32Array(pulse)
  const timer = setInterval(() => Atomics.add(beats, 0, 1), PERIOD_MS)
  timer.unref()
  const settings: Settings = { pulse, afterMs, periodMs: PERIOD_MS, path }
  let worker: Worker | undefined
  // A process that has just begun has better things to do than to start a thread.
  const starting = setTimeout(() => {
    worker = startThread(settings)
  }, DELAY_MS)
  starting.unref()
  return {
    async close() {
      clearTimeout(starting)
      clearInterval(timer)
      await worker?.terminate()
    },
  }
}

function startThread(settings: Settings): Worker {
  // As text, so that it runs alike from sources and from the built program.
  const worker = new Worker(`(${watchMainThread})(require)`, {
    eval: true,
    workerData: settings,
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
    stdout: true,
    stderr: true,
  })
  worker.unref()
  // A watch that fails costs a stack, not the process.
  worker.on('error', () => {})
  return worker
}

/** Runs in the other thread; must not use anything of this module. */
function watchMainThread(require: NodeJS.Require): void {
  const { workerData } = require('node:worker_threads') as typeof import('node:worker_threads')
  const { Session } = require('node:inspector') as typeof import('node:inspector')
  const { writeFileSync, renameSync } = require('node:fs') as typeof import('node:fs')
  const { pulse, afterMs, periodMs, path } = workerData as Settings
  const beats = new Int32Array(pulse)
  let last = -1
  let changedAt = performance.now()
  let isTold = false

  function tell(stack: readonly string[]): void {
    const blockedMs = Math.round(performance.now() - changedAt)
    try {
      writeFileSync(`${path}.tmp`, JSON.stringify({ pid: process.pid, at: Date.now(), blockedMs, stack }), {
        mode: 0o600,
      })
      renameSync(`${path}.tmp`, path)
    } catch {
      // A full disk: the hang is noticed all the same.
    }
  }

  function look(): void {
    const now = Atomics.load(beats, 0)
    if (now !== last) {
      last = now
      changedAt = performance.now()
      isTold = false
      return
    }
    if (isTold || performance.now() - changedAt < afterMs) return
    isTold = true
    tell([])
    const session = new Session()
    session.connectToMainThread()
    session.on('Debugger.paused', ({ params }) => {
      tell(
        params.callFrames.map(
          ({ functionName, url, location }) =>
            `${functionName || '(anonymous)'} (${url}:${location.lineNumber + 1}:${(location.columnNumber ?? 0) + 1})`,
        ),
      )
      session.post('Debugger.resume')
      session.post('Debugger.disable', () => session.disconnect())
    })
    session.post('Debugger.enable')
    session.post('Debugger.pause')
  }
  setInterval(look, periodMs)
}

const hangStack = z.object({
  pid: z.int(),
  at: z.number(),
  blockedMs: z.number(),
  stack: z.array(z.string()),
})

/** What a process left in `path` and removes it; undefined when there is nothing, or it is of another process. */
export function takeHangStack(path: string, pid: number): HangStack | undefined {
  try {
    const found = hangStack.parse(JSON.parse(readFileSync(path, 'utf8')))
    rmSync(path, { force: true })
    return found.pid === pid ? found : undefined
  } catch {
    return undefined // it was not blocked for long enough, or its disk was full
  }
}

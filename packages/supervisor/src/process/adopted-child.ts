import { connect, type Socket } from 'node:net'
import type { Clock } from '@imgsvc/core/clock'
import type { Logger } from '@imgsvc/core/log'
import type { Exit } from '@imgsvc/core/process'
import { isSameProcess, type RunRecord } from '@imgsvc/core/run-file'
import type { Child } from './child.ts'

export interface AdoptedChildOptions {
  /** The control socket of the child. */
  readonly socket: string
  readonly clock: Clock
  readonly log: Logger
}

const POLL_MS = 500
/** How often to look while its end is expected. */
const QUICK_POLL_MS = 5
/** The kernel closes a dying process's sockets a moment before it reports the death. */
const EXPECTED_MS = 500

/**
 * Watches over a process that is not a child of ours, as if it were: `onExit` is called once, never before this
 * returns. The kernel reports the death of a process to its parent alone, so one connection to its control socket is
 * kept open: the closing tells at once, and a look at the pid every 500 ms tells if there is no connection. Nobody but
 * the parent learns how a process ended: code and signal are null.
 */
export function adoptChild(
  target: Pick<RunRecord, 'pid' | 'startTime'>,
  { socket, clock, log }: AdoptedChildOptions,
  onExit: (exit: Exit) => void,
): Child {
  let connection: Socket | undefined
  let expectedUntil = 0
  let isDying = false
  let isGone = false
  let cancel = clock.timer(0, look)

  function look(): void {
    cancel()
    if (isGone) return
    if (!isSameProcess(target)) {
      isGone = true
      connection?.destroy()
      onExit({ code: null, signal: null, at: clock.now() })
      return
    }
    const isExpected = isDying || clock.monotonic() < expectedUntil
    if (!isExpected) connection ??= open()
    cancel = clock.timer(isExpected ? QUICK_POLL_MS : POLL_MS, look)
  }

  function open(): Socket {
    const opened = connect({ path: socket })
    let wasOpen = false
    opened.on('connect', () => {
      wasOpen = true
    })
    // No connection to be had: `close` follows, and the next look tries again.
    opened.on('error', () => {})
    opened.on('close', () => {
      connection = undefined
      if (!wasOpen) return
      // Not only death closes it: the child's server gives a connection without a request up after a while.
      expectedUntil = clock.monotonic() + EXPECTED_MS
      look()
    })
    return opened.resume()
  }

  return {
    pid: target.pid,
    kill(signal, isMeantToEnd = true) {
      if (!isMeantToEnd) return send(target, signal, log)
      isDying = true
      // A stopping child waits for its connections, this one too.
      connection?.destroy()
      send(target, signal, log)
      look()
    },
    letGo() {
      isGone = true
      cancel()
      connection?.destroy()
    },
  }
}

/** Looks first whether the pid is still that process: it may be somebody else's by now. */
function send({ pid, startTime }: Pick<RunRecord, 'pid' | 'startTime'>, signal: NodeJS.Signals, log: Logger): void {
  if (!isSameProcess({ pid, startTime })) return
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return
    log.error({ err: error, childPid: pid, signal }, 'a process cannot be signalled')
  }
}

import cluster from 'node:cluster'
import { writeSync } from 'node:fs'
import { ImgsvcError } from './errors.ts'
import type { LogHandle } from './log.ts'

export interface ChildProcess {
  /** Fires once, at the first SIGTERM: stop gracefully. */
  readonly stop: AbortSignal
  /** From now on fatal errors are written to this log as well as to stderr. */
  useLog(log: LogHandle): void
  /** Prints one line for people to stderr, writes it to the log, flushes (bounded) and ends the process. */
  fail(message: string, error: unknown, exitCode?: number): Promise<never>
  /** Flushes the log (bounded) and ends the process. */
  exit(exitCode: number): Promise<never>
}

/** Exit codes of a child, read by the supervisor for its reason. */
export const EXIT = { ok: 0, crash: 1, listenFailed: 97, portTaken: 98 } as const

/**
 * The first call of a child's main.ts. Makes the process independent of its supervisor: it survives the
 * supervisor's death, ignores the terminal's signals, and ends on SIGTERM or on an error nobody caught (exit 1).
 */
export function prepareChildProcess(): ChildProcess {
  // node:cluster ends a worker whose primary has gone, unless its disconnect was planned. Ours is always.
  if (cluster.worker) cluster.worker.exitedAfterDisconnect = true
  const stop = new AbortController()
  let log: LogHandle | undefined
  let failing = false

  const exit = async (exitCode: number): Promise<never> => {
    await log?.close()
    process.exit(exitCode)
  }
  const fail = async (message: string, error: unknown, exitCode: number = EXIT.crash): Promise<never> => {
    // A second failure while the first is being written: do not wait for the disk again.
    if (failing) process.exit(exitCode)
    failing = true
    printError(message, error)
    log?.log.fatal({ err: error, exitCode }, message)
    return exit(exitCode)
  }

  // Ctrl-C reaches the whole process group, and a closed terminal too: the supervisor decides, not the terminal.
  process.on('SIGINT', () => {})
  process.on('SIGHUP', () => {})
  process.on('SIGTERM', () => stop.abort())
  process.on('uncaughtException', (error) => void fail('uncaught exception', error))
  process.on('unhandledRejection', (error) => void fail('unhandled rejection', error))

  return {
    stop: stop.signal,
    useLog(handle) {
      log = handle
    },
    fail,
    exit,
  }
}

/** Exit code and sentence of a failed listen(). */
export function listenFailure(error: NodeJS.ErrnoException, address: string): { exitCode: number; error: ImgsvcError } {
  if (error.code === 'EADDRINUSE') {
    const detail = `${address} is taken by another program`
    return { exitCode: EXIT.portTaken, error: new ImgsvcError('PORT_TAKEN', detail, { cause: error }) }
  }
  const hint = error.code === 'EACCES' ? ' (ports below 1024 need privileges)' : ''
  const detail = `cannot listen on ${address}: ${error.message}${hint}`
  return { exitCode: EXIT.listenFailed, error: new ImgsvcError('PROCESS_FAILED', detail, { cause: error }) }
}

function printError(message: string, error: unknown): void {
  const known = error instanceof ImgsvcError ? error.message : undefined
  const text = known ?? (error instanceof Error ? (error.stack ?? error.message) : String(error))
  try {
    // Synchronous: process.exit() loses what a pipe has not taken yet.
    writeSync(2, `${new Date().toISOString()} ${message}: ${text}\n`)
  } catch {
    // stderr is gone or its disk is full; the log line may still make it.
  }
}

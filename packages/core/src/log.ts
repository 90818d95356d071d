import { type Logger, pino, stdSerializers } from 'pino'
import { createLogFile, type LogFileOptions } from './log-file.ts'

export type { Logger } from 'pino'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

export interface LogOptions {
  /** Path of the log file; its directory is made. */
  readonly file: string
  readonly level: LogLevel
  /** Fields of every line. */
  readonly base: { readonly id: string; readonly pid: number }
  readonly maxBuffered?: LogFileOptions['maxBuffered']
}

export interface LogHandle {
  readonly log: Logger
  /** After a rotation: the next line goes to a new file of the same name. */
  reopen(): void
  /** Lines lost because the disk failed. */
  dropped(): number
  setLevel(level: LogLevel): void
  /** Writes what is buffered, at most half a second, and closes; never rejects. */
  close(): Promise<void>
}

const CLOSE_MS = 500

/**
 * pino over a log file (log-file.ts): JSON lines with the level as a word and the time in ISO 8601. A failing disk
 * never reaches the caller.
 */
export function createLog(options: LogOptions): LogHandle {
  const { file, level, base, maxBuffered } = options
  const sink = createLogFile({ path: file, ...(maxBuffered !== undefined && { maxBuffered }) })
  const log = pino(
    {
      level,
      base,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.err },
    },
    sink,
  )
  return {
    log,
    reopen: sink.reopen,
    dropped: sink.dropped,
    setLevel(next) {
      log.level = next
    },
    close: () => sink.close(CLOSE_MS),
  }
}

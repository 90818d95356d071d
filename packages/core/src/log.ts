import { type Logger, pino, stdSerializers } from 'pino'
import { createLogFile, type LogFileOptions, type LogOutage } from './log-file.ts'
import type { LogLevel } from './log-level.ts'
import { plainLine } from './log-plain.ts'
import { createLogRate } from './log-rate.ts'

export type { Logger } from 'pino'
export type { LogLevel } from './log-level.ts'

/** What of a log can change while it is written; the section `logs` of the configuration fits. */
export interface LogSettings {
  readonly level: LogLevel
  /** Default `json`. */
  readonly format?: 'json' | 'plain'
  /** Bytes a second; what comes faster is dropped and counted. Default 0: no limit. */
  readonly maxRate?: number
}

export interface LogOptions extends LogSettings {
  /** Path of the log file; its directory is made. */
  readonly file: string
  /** Fields of every line. */
  readonly base: { readonly id: string; readonly pid: number }
  readonly maxBuffered?: LogFileOptions['maxBuffered']
}

export interface LogHandle {
  readonly log: Logger
  /** After a rotation: the next line goes to a new file of the same name. */
  reopen(): void
  /** Lines lost because the disk failed or they came faster than `maxRate`. */
  dropped(): number
  setLevel(level: LogLevel): void
  /** Takes over level, format and rate. */
  configure(settings: LogSettings): void
  /** Writes what is buffered, at most half a second, and closes; never rejects. */
  close(): Promise<void>
}

const CLOSE_MS = 500
/** A flood is told about once a second, not with every line. */
const TELL_MS = 1000

/**
 * pino over a log file (log-file.ts): lines with the level as a word and the time in ISO 8601, or plain ones. Neither a
 * failing disk nor a flood reaches the caller: lines are dropped, and the log says how many once it can.
 */
export function createLog(options: LogOptions): LogHandle {
  const { file, base, maxBuffered } = options
  let format = options.format ?? 'json'
  const rate = createLogRate(options.maxRate ?? 0)
  const sink = createLogFile({ path: file, healed: tell, ...(maxBuffered !== undefined && { maxBuffered }) })
  let tellTimer: NodeJS.Timeout | undefined
  let told = 0
  let isTelling = false
  const log = pino(
    {
      level: options.level,
      base,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.err },
    },
    { write },
  )

  function write(line: string): void {
    if (isTelling || rate.take(line.length)) sink.write(format === 'plain' ? plainLine(line) : line)
    if (!isTelling) tellSoon()
  }

  function tellSoon(): void {
    if (tellTimer !== undefined || dropped() === told) return
    tellTimer = setTimeout(tell, TELL_MS)
    tellTimer.unref()
  }

  /** Logs what was lost since it was last told. While the disk fails that waits: it would be lost, too. */
  function tell(outage?: LogOutage): void {
    clearTimeout(tellTimer)
    tellTimer = undefined
    if (sink.isFailing()) return
    const lines = sink.dropped() + rate.total() - told
    if (lines === 0 && !outage) return
    told += lines
    const suppressed = rate.report()
    isTelling = true
    // At least as loud as the level asks for: a loss is never silent.
    const level = log.isLevelEnabled('warn') ? 'warn' : (log.level as LogLevel)
    if (suppressed) {
      log[level](
        { suppressed: suppressed.lines, bytes: suppressed.bytes },
        `suppressed ${suppressed.lines} lines: they came faster than logs.maxRate`,
      )
    }
    const lost = lines - (suppressed?.lines ?? 0)
    if (lost > 0 || outage) log[level]({ dropped: lost, ...outage }, `dropped ${lost} lines: they could not be written`)
    isTelling = false
  }

  function dropped(): number {
    return sink.dropped() + rate.total()
  }

  return {
    log,
    reopen: sink.reopen,
    dropped,
    setLevel(next) {
      log.level = next
    },
    configure(settings) {
      log.level = settings.level
      format = settings.format ?? 'json'
      rate.setLimit(settings.maxRate ?? 0)
    },
    close() {
      tell()
      return sink.close(CLOSE_MS)
    },
  }
}

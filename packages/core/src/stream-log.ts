import { type Logger, pino, stdSerializers } from 'pino'
import type { LogLevel } from './log-level.ts'
import { plainLine } from './log-plain.ts'

/** A log of plain lines handed to `write` one by one, for programs that have no log file; nothing is kept. */
export function createStreamLog(write: (line: string) => void, level: LogLevel): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.err },
    },
    { write: (line: string) => write(plainLine(line)) },
  )
}

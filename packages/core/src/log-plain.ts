import { LOG_LEVELS, type LogLevel } from './log-level.ts'

/** The words supervisord writes for its levels (supervisor/loggers.py), by ours. */
export const PLAIN_LEVELS: Readonly<Record<LogLevel, string>> = {
  trace: 'TRAC',
  debug: 'DEBG',
  info: 'INFO',
  warn: 'WARN',
  error: 'ERRO',
  fatal: 'CRIT',
}

/** Fields that a plain line has in its own place, or that say nothing beyond its file name. */
const PLACED: ReadonlySet<string> = new Set(['level', 'time', 'id', 'pid', 'msg'])

/**
 * A JSON log line in the layout of supervisord's own log: `2026-11-21 03:04:05,678 INFO message field=value`, in local
 * time, always one line. A line that is not such JSON comes back as it is.
 */
export function plainLine(line: string): string {
  let record: Record<string, unknown> | null
  try {
    record = JSON.parse(line) as Record<string, unknown> | null
  } catch {
    return line
  }
  const level = LOG_LEVELS.find((name) => name === record?.level)
  if (!record || level === undefined) return line
  const fields = Object.entries(record).filter(([name]) => !PLACED.has(name))
  const texts = fields.map(([name, value]) => `${name}=${plainValue(value)}`)
  const message = String(record.msg ?? '').replace(/\s+/g, ' ')
  return `${[plainTime(new Date(String(record.time))), PLAIN_LEVELS[level], message, ...texts].filter(Boolean).join(' ')}\n`
}

function plainTime(time: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')
  return `${date} ${clock},${String(time.getMilliseconds()).padStart(3, '0')}`
}

/** Bare when it is one word, JSON otherwise: a value can end neither the line nor its own field. */
function plainValue(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=]+$/.test(value)) return value
  return JSON.stringify(value)
}

import { LOG_LEVELS, type LogLevel } from '@imgsvc/core/log-level'
import { PLAIN_LEVELS } from '@imgsvc/core/log-plain'

// Patterns and not JSON.parse: every line of every file passes here, and a parsed one would cost ten times as much.
const JSON_TIME = /^\{.*?"time":"([^"]{1,40})"/
const JSON_LEVEL = /^\{"level":"([a-z]{1,10})"/
const PLAIN = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)[,.](\d{3}) ([A-Z]{4})\b/

/** When a line was written, epoch ms; undefined when it does not say. A plain line says it in local time. */
export function lineTime(line: string): number | undefined {
  const json = JSON_TIME.exec(line)?.[1]
  if (json !== undefined) {
    const time = Date.parse(json)
    return Number.isNaN(time) ? undefined : time
  }
  const plain = PLAIN.exec(line)
  if (!plain) return undefined
  const [year, month, day, hours, minutes, seconds, ms] = plain.slice(1, 8).map(Number)
  return new Date(
    year as number,
    (month as number) - 1,
    day as number,
    hours as number,
    minutes as number,
    seconds as number,
    ms as number,
  ).getTime()
}

/** The level of a line; undefined when it does not say. */
export function lineLevel(line: string): LogLevel | undefined {
  const json = JSON_LEVEL.exec(line)?.[1]
  if (json !== undefined) return LOG_LEVELS.find((level) => level === json)
  const plain = PLAIN.exec(line)?.[8]
  return plain === undefined ? undefined : LOG_LEVELS.find((level) => PLAIN_LEVELS[level] === plain)
}

/** Which lines are asked for. */
export interface LineFilter {
  /** Epoch ms. */
  readonly since?: number | undefined
  readonly level?: LogLevel | undefined
  readonly requestId?: string | undefined
}

/**
 * Tells for one line of a log after the other whether it is asked for. A line that has no time or level of its own
 * belongs to the one before it.
 */
export function lineMatcher({ since = 0, level = 'trace', requestId }: LineFilter): (line: string) => boolean {
  const least = LOG_LEVELS.indexOf(level)
  const isAboutRequest = requestId === undefined ? () => true : requestMatcher(requestId)
  // Before the first that says it, a line is as old and as quiet as can be.
  let [time, loudness] = [0, 0]
  return (line) => {
    if (since > 0) time = lineTime(line) ?? time
    const own = least > 0 ? lineLevel(line) : undefined
    if (own !== undefined) loudness = LOG_LEVELS.indexOf(own)
    return time >= since && loudness >= least && isAboutRequest(line)
  }
}

/** In JSON the id is a text of its own; in a plain line it stands bare, when it is one word. */
function requestMatcher(requestId: string): (line: string) => boolean {
  const inJson = `"requestId":${JSON.stringify(requestId)}`
  const bare = `requestId=${requestId}`
  const quoted = `requestId=${JSON.stringify(requestId)}`
  return (line) => line.includes(inJson) || line.includes(quoted) || line.includes(`${bare} `) || line.endsWith(bare)
}

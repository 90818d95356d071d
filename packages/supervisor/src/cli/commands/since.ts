import { once, type Typed } from './numbers.ts'

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const EXPECTED = '10m, 2h, today, yesterday, 14:30, 2026-11-21 or 2026-11-21T03:00'

/** A yargs `coerce` for a moment, epoch ms: so long ago, a day, or a local or ISO 8601 time. `now` is epoch ms. */
export function moment(name: string, now: () => number) {
  return (typed: Typed): number | undefined => {
    const text = once(name, typed)
    if (text === undefined) return undefined
    const time = parseMoment(text.trim(), now())
    if (time !== undefined) return time
    throw new Error(`${name}: expected ${EXPECTED}, got "${text}"`)
  }
}

/** Undefined when the text is none of these; a moment before 1970 counts as 1970. */
function parseMoment(text: string, now: number): number | undefined {
  const ago = /^(\d{1,9}(?:\.\d+)?)([smhd])$/.exec(text)
  if (ago) return Math.max(0, Math.round(now - Number(ago[1]) * (UNITS[ago[2] as string] as number)))
  if (text === 'today') return midnight(now, 0)
  if (text === 'yesterday') return midnight(now, -1)
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text)
  if (clock) return new Date(now).setHours(Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0), 0)
  const date = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:?\d\d)?)?$/.exec(text)
  if (!date) return undefined
  // A date alone would be taken as UTC; everything without a zone is local here.
  const time = Date.parse(`${date[1]}T${date[2] ?? '00:00'}${date[3] ?? ''}`)
  return Number.isNaN(time) ? undefined : Math.max(0, time)
}

function midnight(now: number, days: number): number {
  const date = new Date(now)
  date.setHours(0, 0, 0, 0)
  date.setDate(date.getDate() + days)
  return date.getTime()
}

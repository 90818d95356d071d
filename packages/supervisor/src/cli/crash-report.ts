import type { StoredCrash } from '../crashes/store.ts'
import { elapsed, megabytes } from './format.ts'

/** Columns of `imgsvc crashes`. */
export const CRASH_HEADING = ['ID', 'PROCESS', 'PID', 'CAUSE', 'EXIT', 'UPTIME', 'RSS', 'REASON'] as const

/** One row of `imgsvc crashes`. */
export function crashRow(crash: StoredCrash): readonly string[] {
  const { id, process, pid, reason, uptimeMs, rss, message } = crash
  return [
    id,
    process,
    String(pid),
    reason,
    exitOf(crash),
    elapsed(uptimeMs),
    rss === null ? '-' : megabytes(rss),
    printable(message),
  ]
}

/** Everything that is known about one crash. */
export function crashLines(crash: StoredCrash): readonly string[] {
  const { process, pid, generation, at, message, reason, uptimeMs, rss, heap, stderr, stack, requests } = crash
  const memory = [rss === null ? '' : `rss ${megabytes(rss)}`, heap === null ? '' : `heap ${megabytes(heap)}`]
  return [
    `${process}  pid ${pid}  generation ${generation}`,
    `when      ${new Date(at).toISOString()}, after ${elapsed(uptimeMs)}`,
    `why       ${reason}: ${printable(message)}`,
    `exit      ${exitOf(crash)}`,
    `memory    ${memory.filter(Boolean).join(', ') || 'unknown'}`,
    ...section(
      'requests in hand',
      requests.map(({ requestId, path, ms }) => `${requestId}  ${Math.round(ms)} ms  ${path}`),
    ),
    ...section('stack of the blocked event loop', stack),
    ...section('last lines of stderr', stderr),
  ]
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${printable(line)}`)]
}

function exitOf({ code, signal }: StoredCrash): string {
  return signal ?? (code === null ? 'unknown' : `code ${code}`)
}

/** Paths and lines come from strangers: what would steer a terminal is shown as `?`. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?')
}

import type { Clock } from '@imgsvc/core/clock'
import type { ControlParams, LogLine } from '@imgsvc/core/control'
import { tailLogs } from '../logs/read/tail.ts'

/** Where logs are found. */
export interface LogSources {
  /** Directory of the logs. */
  dir(): string
  /** Ids of the processes that selectors stand for; all without one. Throws SELECTOR_INVALID, PROCESS_UNKNOWN. */
  select(selectors: readonly string[]): readonly string[]
  readonly clock: Clock
}

const DEFAULT_LINES = 20
/** The supervisor's own log can be asked for by this name, beside the selectors of processes. */
const SELF = 'supervisor'

/**
 * The end of the chosen logs and, with `follow`, what is added, until the caller leaves. Without a selector: all
 * processes and the supervisor itself. A bad selector throws before the stream begins.
 */
export function streamLogs(
  sources: LogSources,
  params: ControlParams<'log.tail'>,
  signal: AbortSignal,
): AsyncIterable<LogLine> {
  const { select = [], stream, follow = false, since, level, requestId } = params
  const processes = select.filter((selector) => selector !== SELF)
  const own = processes.length < select.length || select.length === 0 ? [SELF] : []
  const ids = select.length > 0 && processes.length === 0 ? own : [...sources.select(processes), ...own]
  // Who asks for a time or a request wants all of it.
  const isNamed = since !== undefined || requestId !== undefined
  const lines = params.lines ?? (isNamed ? Number.POSITIVE_INFINITY : DEFAULT_LINES)
  const { clock } = sources
  return tailLogs({ dir: sources.dir(), ids, stream, lines, follow, since, level, requestId, clock, signal })
}

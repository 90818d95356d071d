import type { Clock } from '@imgsvc/core/clock'
import type { ControlParams, LogLine } from '@imgsvc/core/control'
import { tailLogs } from '../logs/tail.ts'

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
  { select = [], lines = DEFAULT_LINES, follow = false }: ControlParams<'log.tail'>,
  signal: AbortSignal,
): AsyncIterable<LogLine> {
  const processes = select.filter((selector) => selector !== SELF)
  const own = processes.length < select.length || select.length === 0 ? [SELF] : []
  const ids = select.length > 0 && processes.length === 0 ? own : [...sources.select(processes), ...own]
  return tailLogs({ dir: sources.dir(), ids, lines, follow, clock: sources.clock, signal })
}

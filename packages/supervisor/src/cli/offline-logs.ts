import { readdir, readFile } from 'node:fs/promises'
import { systemClock } from '@imgsvc/core/clock'
import type { Config } from '@imgsvc/core/config/schema'
import type { ControlParams, LogLine } from '@imgsvc/core/control'
import { ImgsvcError } from '@imgsvc/core/errors'
import { isSelected, type ProcessId, parseSelector } from '@imgsvc/core/process'
import type { StatePaths } from '@imgsvc/core/state-dir'
import { streamLogs } from '../control/stream.ts'

export interface OfflineLogs {
  /** Where the files are. */
  readonly dir: string
  readonly lines: AsyncIterable<LogLine>
}

const FILE = /^(worker|balancer)-(\d{1,4})\.log$/

/**
 * The logs of an instance whose supervisor does not answer, straight from the files: where they are is in the
 * configuration it left behind; undefined when it left none. Throws PROCESS_UNKNOWN for a selector without a log.
 */
export async function offlineLogs(
  paths: StatePaths,
  params: ControlParams<'log.tail'>,
  signal: AbortSignal,
): Promise<OfflineLogs | undefined> {
  // Nothing has run here, or it is another user's: the answer is that of the socket.
  const text = await readFile(paths.config, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const { parseResolvedConfig } = await import('@imgsvc/core/config/resolved')
  const config = parseResolvedConfig(text)
  const { dir } = config.logs
  const files = await readdir(dir).catch(() => [])
  const processes = files.flatMap((file) => processOf(file, config) ?? [])
  const select = (selectors: readonly string[]) => chosen(processes, selectors)
  return { dir, lines: streamLogs({ dir: () => dir, select, clock: systemClock }, params, signal) }
}

interface LoggedProcess {
  readonly id: ProcessId
  readonly port: number
}

function processOf(file: string, { workers, listen }: Config): LoggedProcess | undefined {
  const [, role, digits] = FILE.exec(file) ?? []
  if (role === undefined) return undefined
  const index = Number(digits)
  const port = role === 'worker' ? workers.basePort + index : listen.port
  return { id: `${role}:${index}` as ProcessId, port }
}

function chosen(processes: readonly LoggedProcess[], selectors: readonly string[]): readonly ProcessId[] {
  if (selectors.length === 0) return processes.map(({ id }) => id)
  const found = new Set<ProcessId>()
  for (const text of selectors) {
    const selector = parseSelector(text)
    const matching = processes.filter((process) => isSelected(selector, process))
    if (matching.length === 0) throw unknown(text, processes)
    for (const { id } of matching) found.add(id)
  }
  return [...found]
}

function unknown(text: string, processes: readonly LoggedProcess[]): ImgsvcError {
  const ids = processes.map(({ id }) => id).join(', ')
  return new ImgsvcError('PROCESS_UNKNOWN', `${text}; there are logs of ${ids || 'none'}`)
}

import type { Instance } from './instance.ts'
import { type PlayOptions, playRow } from './play.ts'
import { killAll } from './proc.ts'
import type { RowResult } from './result.ts'
import type { Row } from './row.ts'

export interface PlanOptions extends Omit<PlayOptions, 'started'> {
  readonly rows: readonly Row[]
  /** Told before a row and after it. */
  begun(row: Row): void
  done(result: RowResult): void
}

/** Plays rows one after the other. Rejects when the signal is aborted; nothing is left running then either. */
export async function playPlan({ rows, begun, done, ...options }: PlanOptions): Promise<readonly RowResult[]> {
  const started: Instance[] = []
  // The last resort: this process ends by an error nobody caught.
  const atExit = () => {
    for (const { stateDir } of started) killAll(stateDir)
  }
  process.on('exit', atExit)
  try {
    const results: RowResult[] = []
    for (const row of rows) {
      options.signal.throwIfAborted()
      begun(row)
      const result = await playRow(row, { ...options, started: (instance) => void started.push(instance) })
      results.push(result)
      done(result)
    }
    return results
  } finally {
    process.off('exit', atExit)
  }
}

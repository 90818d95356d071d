import type { ActionResult } from '@imgsvc/core/control'
import type { Cli } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { actionLine } from '../process-table.ts'

/** Prints what became of each process and gives the exit code: 7 when one could not start, 1 for other failures. */
export function reportActions(results: readonly ActionResult[], json: boolean, { out }: Cli): number {
  if (json) out.json(results)
  else for (const result of results) out.line(actionLine(result))
  const failed = results.filter(({ ok }) => !ok)
  if (failed.length === 0) return EXIT.ok
  return failed.some(({ state }) => NOT_STARTED.has(state)) ? EXIT.notStarted : EXIT.generic
}

const NOT_STARTED: ReadonlySet<ActionResult['state']> = new Set(['STARTING', 'BACKOFF', 'EXITED', 'FATAL'])

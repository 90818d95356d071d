import { setImmediate as nextTurn } from 'node:timers/promises'

// About 10 ms of multiplications: health checks and other requests get their turn in between.
const WORK_PER_SLICE = 1e7

/**
 * Calls `work(from, to)` over all rows, in order, leaving the event loop between slices so that a large picture never
 * blocks the process. `workPerRow` is the estimated number of multiplications in one row.
 */
export async function inSlices(
  rows: number,
  workPerRow: number,
  work: (from: number, to: number) => void,
): Promise<void> {
  const rowsPerSlice = Math.max(1, Math.floor(WORK_PER_SLICE / Math.max(1, workPerRow)))
  for (let from = 0; from < rows; from += rowsPerSlice) {
    if (from > 0) await nextTurn()
    work(from, Math.min(from + rowsPerSlice, rows))
  }
}

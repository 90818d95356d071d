import { lookAtMachine } from '@imgsvc/supervisor/chaos/machine'
import { playPlan } from '@imgsvc/supervisor/chaos/plan'
import { ROWS } from '@imgsvc/supervisor/chaos/rows'
import { resultLines } from '@imgsvc/supervisor/chaos/show'
import { expect, test } from 'vitest'

const machine = lookAtMachine()
/** A good part less than the load of the plan: the machine that runs the tests has other things to do. */
const RATE = 60
/** Slow is not lost. */
const TIMEOUT_MS = 20_000
const ROW_MS = 180_000

// The whole plan is `pnpm chaos`. Here it is about whether, not about how fast: a busy machine may miss a time.
for (const row of ROWS.filter(({ isQuick }) => isQuick)) {
  const reason = row.impossible?.(machine)
  // Where everything is installed, a row that cannot be played is a failure.
  test.skipIf(reason !== undefined && !process.env.CI)(
    `chaos row ${row.number}: ${row.title}${reason === undefined ? '' : ` (not possible here: ${reason})`}`,
    async ({ signal }) => {
      const options = {
        rows: [row],
        machine,
        env: process.env,
        isQuick: true,
        rate: RATE,
        timeoutMs: TIMEOUT_MS,
        signal,
      }
      const [result] = await playPlan({ ...options, begun: () => {}, done: () => {} })
      const missed = result?.checks.filter(({ ok, isSpeed }) => !ok && !isSpeed)
      expect(missed, result && resultLines(result).join('\n')).toEqual([])
      expect(result?.checks.length, result?.note ?? '').toBeGreaterThan(3)
      expect(result?.verdict).not.toBe('not possible here')
      expect(result?.sent).toBeGreaterThan(0)
    },
    ROW_MS,
  )
}

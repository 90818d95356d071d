import { nothingLost } from '../bars.ts'
import type { Row } from '../row.ts'

const BUDGET_MS = 60_000

/** Row 9: a worker that starts well and dies 2 s later, again and again. */
export const crashAfterReady: Row = {
  number: 9,
  title: 'one worker crashes 2 s after it is ready, for ever',
  bar: 'FATAL within 60 s, nothing lost',
  others: {
    supervisord: 'endless: 20 starts in some 27 s, no backoff',
    pm2: 'endless',
    nginx: 'does not start programs',
  },
  isQuick: false,
  placement: { takesOrders: true },
  async run(stage) {
    await stage.before()
    const victim = await stage.pidOf('worker:3')
    stage.instance.order('worker:3', { fault: 'exit-when-ready', afterMs: 2000 })
    stage.fault()
    stage.expectDeathOf(victim)
    const from = performance.now()
    const fatal = await stage.until(async () => {
      const now = await stage.find('worker:3')
      if (now.pid !== null) stage.expectDeathOf(now.pid)
      return now.state === 'FATAL' && performance.now() - from
    }, BUDGET_MS)
    await stage.after(0)
    stage.check('FATAL within 60 s', fatal !== undefined, fatal ? `after ${(fatal / 1000).toFixed(1)} s` : 'never')
    nothingLost(stage)
  },
}

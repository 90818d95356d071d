import { nothingLost } from '../bars.ts'
import { rssOf } from '../proc.ts'
import type { Row } from '../row.ts'

const MB = 1024 ** 2
const CAP = 500 * MB
const REPLACED_MS = 20_000

/** Row 6: a worker loses memory, 50 MB a second. */
export const leak: Row = {
  number: 6,
  title: 'a worker leaks 50 MB/s, cap at 500 MB',
  bar: 'replaced before it reaches its cap, nothing lost',
  others: {
    supervisord: 'no cap (memmon: a look every 60 s)',
    pm2: 'a look every 30 s, then a hard restart',
    nginx: 'nothing; in the end the kernel kills it',
  },
  isQuick: false,
  placement: { takesOrders: true, config: { workers: { maxMemory: '500MB' } } },
  async run(stage) {
    await stage.before()
    const victim = await stage.pidOf('worker:1')
    stage.fault()
    stage.expectDeaths()
    stage.instance.order('worker:1', { fault: 'leak', bytesPerSecond: 50 * MB, maxBytes: 2048 * MB })
    let peak = 0
    const replaced = await stage.until(async () => {
      peak = Math.max(peak, rssOf(victim))
      const now = await stage.find('worker:1').catch(() => undefined)
      // The next one would be told the same.
      if (now?.pid !== victim) stage.instance.order('worker:1', undefined)
      return now?.state === 'RUNNING' && now.pid !== victim
    }, REPLACED_MS)
    await stage.after(REPLACED_MS)
    nothingLost(stage)
    stage.check('replaced', replaced === true, replaced ? '' : `not within ${REPLACED_MS / 1000} s`)
    stage.check('never above its cap', peak <= CAP, `${Math.round(peak / MB)} MB`)
  },
}

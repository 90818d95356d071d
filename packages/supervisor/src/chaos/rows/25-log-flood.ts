import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { nothingLost, p99Within } from '../bars.ts'
import type { Row } from '../row.ts'

const MB = 1024 ** 2
const CAP = 64 * MB

/** Row 25: a worker writes as fast as the disk takes it. */
export const logFlood: Row = {
  number: 25,
  title: 'a worker writes 200 MB/s to stderr for 5 s',
  bar: 'the log directory stays under its cap (64 MB), p99 at most 2 times, nothing lost',
  others: {
    supervisord: 'its loop is busy with nothing else',
    pm2: 'grows in memory',
    nginx: 'not comparable: it does not start programs',
  },
  isQuick: false,
  placement: { takesOrders: true, config: { logs: { maxBytes: '4MB', backups: 2, maxTotal: '64MB' } } },
  async run(stage) {
    const dir = stage.instance.logsDir()
    await stage.before()
    stage.fault()
    stage.instance.order('worker:1', { fault: 'flood', bytesPerSecond: 200 * MB, seconds: 5 })
    let [peak, over] = [0, 0]
    await stage.until(() => {
      const size = sizeOf(dir)
      peak = Math.max(peak, size)
      if (size > CAP) over += 1
      return performance.now() - stage.faultAt() > 10_000
    }, 12_000)
    await stage.after(15_000)
    const detail = `${Math.round(peak / MB)} MB at most, above it at ${over} looks`
    stage.check('the log directory stays under its cap', peak <= CAP, detail)
    stage.check('and is under it in the end', sizeOf(dir) <= CAP, `${Math.round(sizeOf(dir) / MB)} MB`)
    nothingLost(stage)
    p99Within(stage, 2)
  },
}

/** Bytes on the disk: a truncated file may have a hole. */
function sizeOf(dir: string): number {
  return readdirSync(dir).reduce((sum, name) => {
    const stat = statSync(join(dir, name), { throwIfNoEntry: false })
    return sum + (stat ? stat.blocks * 512 : 0)
  }, 0)
}

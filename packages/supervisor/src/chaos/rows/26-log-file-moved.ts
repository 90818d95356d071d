import { linkSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { nothingLost, nothingUnlogged } from '../bars.ts'
import type { Row } from '../row.ts'
import type { Stage } from '../stage.ts'

/** Row 26: somebody moves a log file away, and deletes the next one. */
export const logFileMoved: Row = {
  number: 26,
  title: 'a log file is moved away (logrotate), then deleted',
  bar: 'there again within 1 s, no line lost',
  others: {
    supervisord: 'there again at its next rotation only',
    pm2: 'there again after `pm2 reloadLogs`',
    nginx: 'there again after USR1',
  },
  isQuick: false,
  async run(stage) {
    const { instance } = stage
    const kept = join(instance.home, 'kept')
    mkdirSync(kept)
    stage.alsoLookForLogsIn(kept)
    const path = join(instance.logsDir(), 'balancer-0.log')
    await stage.before()
    stage.fault()
    renameSync(path, join(kept, 'balancer-0.log.moved'))
    const afterMove = await untilWritten(stage, path)
    // A second name keeps the lines of the deleted file countable.
    linkSync(path, join(kept, 'balancer-0.log.deleted'))
    rmSync(path)
    const afterDelete = await untilWritten(stage, path)
    await stage.after(stage.isQuick ? 4000 : 10_000)
    stage.within('there again after it was moved', afterMove ?? null, 1000)
    stage.within('there again after it was deleted', afterDelete ?? null, 1000)
    nothingLost(stage)
    nothingUnlogged(stage)
  },
}

function untilWritten(stage: Stage, path: string): Promise<number | undefined> {
  const from = performance.now()
  const hasLines = () => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0
  return stage.until(() => hasLines() && performance.now() - from, 10_000)
}

import { readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nothingLost } from '../bars.ts'
import type { Row } from '../row.ts'
import type { Stage } from '../stage.ts'

const FILL = 16 * 1024 ** 2

/** Row 23: the disk of the logs is full. */
export const diskFull: Row = {
  number: 23,
  title: 'the file system of the logs is full',
  bar: 'nothing lost, every line written or counted and one alert for those, written again within 1 s after there is space',
  others: {
    supervisord: 'loses lines without a word',
    pm2: 'the daemon keeps them in memory',
    nginx: 'serves on, drops lines',
  },
  isQuick: true,
  placement: { logsTmpfs: '8m' },
  impossible: ({ canMount }) => (canMount ? undefined : 'a file system cannot be mounted here'),
  async run(stage) {
    const logs = stage.instance.logsDir()
    const filler = join(logs, 'filler')
    await stage.before()
    stage.fault()
    fill(filler)
    const fullMs = stage.isQuick ? 3000 : 10_000
    await stage.until(() => performance.now() - stage.faultAt() >= fullMs, fullMs)
    const free = statfsSync(logs).bavail
    const size = () => statSync(join(logs, 'balancer-0.log'), { throwIfNoEntry: false })?.size ?? 0
    const small = size()
    rmSync(filler)
    const freeAt = performance.now()
    const resumed = await stage.until(() => size() !== small && performance.now() - freeAt, 10_000)
    await stage.after(fullMs + 2000)
    const dropped = await droppedLines(stage)
    stage.check('it was full', free === 0, `${free} blocks left`)
    nothingLost(stage)
    const detail = `${stage.logLost()} missing, ${dropped} in imgsvc_log_dropped_lines_total`
    stage.check('every line is written or counted', stage.logLost() <= dropped, detail)
    if (dropped > 0) stage.check('and there is an alert', hasAlert(logs), 'a line that says how many were dropped')
    stage.within('written again', resumed ?? null, 1000)
  },
}

function fill(path: string): void {
  try {
    writeFileSync(path, Buffer.alloc(FILL))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}

/** A line that says how many were dropped, in any log. */
function hasAlert(dir: string): boolean {
  const names = readdirSync(dir).filter((name) => name.endsWith('.log'))
  return names.some((name) =>
    /^\{"level":"(warn|error)".*dropped \d+ lines/m.test(readFileSync(join(dir, name), 'utf8')),
  )
}

/** Sum over all processes, as /metrics tells it. */
async function droppedLines({ instance }: Stage): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${instance.ports.admin}/metrics`)
  let sum = 0
  for (const [, value] of (await answer.text()).matchAll(/^imgsvc_log_dropped_lines_total\{[^}]*\} (\S+)$/gm)) {
    sum += Number(value)
  }
  return sum
}

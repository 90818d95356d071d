import { nothingLost, p99Within } from '../bars.ts'
import { cpuMsOf } from '../proc.ts'
import type { Row } from '../row.ts'
import type { Stage } from '../stage.ts'

const CAUSE = 'chaos: the lens is missing'
const FATAL_MS = 45_000
const MEASURE_MS = 2000

/** Row 8: a worker that cannot start. */
export const crashAtBoot: Row = {
  number: 8,
  title: 'one worker crashes at boot, for ever',
  bar: 'FATAL after the configured tries with the exact cause, others unaffected, then under 2 % CPU',
  others: {
    supervisord: 'FATAL after 4 tries in some 6 s, "Exited too quickly"',
    pm2: 'errored after 16 tries',
    nginx: 'does not start programs',
  },
  isQuick: true,
  // A spare has booted before: it would take the place of the first one.
  placement: (isQuick) => ({ takesOrders: true, config: { workers: { startRetries: isQuick ? 1 : 3, spare: 0 } } }),
  async run(stage) {
    const { instance } = stage
    const supervisor = await instance.supervisorPid()
    await stage.before()
    const victim = await stage.pidOf('worker:3')
    const calm = await cpuPercent(stage, supervisor)
    instance.order('worker:3', { fault: 'exit-at-boot', message: CAUSE })
    stage.fault()
    stage.strike(victim, 'SIGKILL')
    const fatal = await stage.until(async () => {
      const now = await stage.find('worker:3')
      if (now.pid !== null && now.pid !== victim) stage.expectDeathOf(now.pid)
      return now.state === 'FATAL' && now
    }, FATAL_MS)
    const afterwards = await cpuPercent(stage, supervisor)
    await stage.after(0)
    stage.check('FATAL', fatal !== undefined, fatal ? '' : `not within ${FATAL_MS / 1000} s`)
    stage.check('with the exact cause', fatal?.reason?.includes(CAUSE) ?? false, fatal?.reason ?? 'no reason')
    nothingLost(stage)
    p99Within(stage, 2)
    const more = afterwards - calm
    stage.speed('a FATAL process costs under 2 % CPU', more < 2, `${more.toFixed(1)} % more than before`)
  },
}

async function cpuPercent(stage: Stage, pid: number): Promise<number> {
  const [from, at] = [cpuMsOf(pid), performance.now()]
  await stage.until(() => performance.now() - at >= MEASURE_MS, MEASURE_MS)
  return ((cpuMsOf(pid) - from) / (performance.now() - at)) * 100
}

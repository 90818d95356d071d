import { nothingLost } from '../bars.ts'
import { processesOf, signal } from '../proc.ts'
import type { Row } from '../row.ts'

const STOP_MS = 12_000

/** Row 22: signals at the wrong moment. */
export const signals: Row = {
  number: 22,
  title: 'SIGHUP 100 times; SIGTERM during a rolling restart, and once more',
  bar: 'no change by the storm; one drain, exit code 0, nothing lost that had begun, nothing left behind',
  others: {
    supervisord: 'SIGHUP restarts everything every time',
    pm2: 'a lock of 30 s; a second reload is refused',
    nginx: 'every HUP makes new workers',
  },
  isQuick: false,
  async run(stage) {
    const { instance } = stage
    await stage.before()
    const supervisor = await instance.supervisorPid()
    const pids = async () => (await instance.list()).map(({ id, pid }) => `${id} ${pid}`).join()
    const before = await pids()
    for (let i = 0; i < 100; i += 1) signal(supervisor, 'SIGHUP')
    await stage.until(
      () =>
        instance.list().then(
          (list) => list.length > 0,
          () => false,
        ),
      5000,
    )
    const calm = performance.now() + 2000
    await stage.until(() => performance.now() > calm, 3000)
    stage.check('the storm changed nothing', (await pids()) === before, await pids())

    stage.expectDeaths()
    const restarting = instance.cli('restart', 'worker')
    await stage.until(async () => (await pids().catch(() => before)) !== before, 10_000)
    stage.fault()
    signal(supervisor, 'SIGTERM')
    await stage.until(() => performance.now() - stage.faultAt() > 200, 1000)
    signal(supervisor, 'SIGTERM')
    const up = instance.up()
    const ended = await stage.until(() => up.exitCode !== null || up.signalCode !== null, STOP_MS)
    await restarting
    // What is refused after the public port is closed was never taken.
    stage.excuse(({ loss, dueAt }) => loss?.reason === 'refused' && dueAt >= stage.faultAt())
    await stage.after(0)
    stage.check('ends with exit code 0', up.exitCode === 0, `${up.exitCode ?? up.signalCode}`)
    stage.check('within the stop time-out', ended === true, ended ? '' : `not within ${STOP_MS / 1000} s`)
    nothingLost(stage)
    const left = processesOf(instance.stateDir)
    stage.check('no process is left behind', left.length === 0, left.join())
  },
}

import { nothingLost } from '../bars.ts'
import type { Row } from '../row.ts'

/** Row 19: rolling restarts under load. */
export const rollingRestart: Row = {
  number: 19,
  title: 'rolling restart of all workers under load, 10 times',
  bar: 'nothing lost, never fewer than 4 ready (one more is started first)',
  others: {
    supervisord: 'stops all, then starts all: 117 of 600 lost, 1.16 s of outage',
    pm2: '14 to 16 of 1200 lost',
    nginx: 'does not start programs',
  },
  isQuick: true,
  async run(stage) {
    const { instance } = stage
    await stage.before()
    stage.fault()
    stage.expectDeaths()
    const codes: (number | null)[] = []
    for (let round = 0; round < (stage.isQuick ? 1 : 10); round += 1) {
      codes.push((await instance.cli('restart', 'worker')).code)
    }
    await stage.after(performance.now() - stage.faultAt() + 500)
    stage.check(
      'every restart says that it went well',
      codes.every((code) => code === 0),
      codes.join(),
    )
    nothingLost(stage)
    const known = stage.watch.samples.filter(({ at, processes }) => at >= stage.faultAt() && processes)
    const fewest = Math.min(...known.map(({ ready }) => ready))
    stage.check('never fewer than 4 ready', fewest >= instance.workers, `${fewest} at the worst moment`)
  },
}

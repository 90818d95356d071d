import { nothingLost, p99Within, recoversWithin, recovery } from '../bars.ts'
import type { Row } from '../row.ts'

/** Row 1: one worker is killed. */
export const killWorker: Row = {
  number: 1,
  title: '`kill -9` of one worker under load',
  bar: 'nothing lost, 4 ready again within 300 ms, p99 at most 2 times',
  others: {
    supervisord: 'port closed for 1.08 s; with a naive proxy 282 of 1800 lost in five kills',
    pm2: '2 of 1000 lost, back after 8 to 13 ms',
    nginx: 'retries elsewhere; the peer is out for 10 s',
  },
  isQuick: true,
  async run(stage) {
    await stage.before()
    const victim = await stage.pidOf('worker:1')
    stage.fault()
    stage.strike(victim, 'SIGKILL')
    await recovery(stage)
    await stage.after()
    nothingLost(stage)
    recoversWithin(stage, 300)
    p99Within(stage, 2)
  },
}

import { nothingLost, nothingUnlogged } from '../bars.ts'
import type { Row } from '../row.ts'

/** Row 14: the supervisor is killed and nobody starts another. */
export const supervisorKilled: Row = {
  number: 14,
  title: '`kill -9` of the supervisor, no other for 60 s',
  bar: 'nothing lost, every request logged',
  others: {
    supervisord: 'programs serve on, unlogged; a Node program that logs dies at its next line: 306 of 400 lost',
    pm2: 'every app dies at once',
    nginx: 'workers serve on',
  },
  isQuick: true,
  async run(stage) {
    await stage.before()
    const supervisor = await stage.instance.supervisorPid()
    stage.fault()
    stage.strike(supervisor, 'SIGKILL')
    await stage.after(stage.isQuick ? 5000 : 60_000)
    nothingLost(stage)
    nothingUnlogged(stage)
  },
}

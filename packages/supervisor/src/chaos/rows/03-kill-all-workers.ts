import { recoversWithin, recovery } from '../bars.ts'
import type { Row } from '../row.ts'

const WINDOW_MS = 2000

/** Row 3: every worker is killed at once. */
export const killAllWorkers: Row = {
  number: 3,
  title: '`kill -9` of all 4 workers at once',
  bar: 'at most 5 % lost of the 2 s after it and nothing else, 4 ready again within 1 s',
  others: {
    supervisord: 'port closed for 1.08 s',
    pm2: 'all are forked again within some 10 ms; what is under way is lost',
    nginx: '502 for up to 10 s after the workers are back',
  },
  isQuick: false,
  async run(stage) {
    await stage.before()
    const victims = await Promise.all([0, 1, 2, 3].map((index) => stage.pidOf(`worker:${index}`)))
    stage.fault()
    for (const pid of victims) stage.strike(pid, 'SIGKILL')
    await recovery(stage)
    const { lost } = await stage.after()
    // What was under way at that moment was due a little before it.
    const window = stage.dueAfterFault(-1000, WINDOW_MS)
    const within = window.filter(({ loss }) => loss !== undefined).length
    stage.check('at most 5 % lost of the 2 s after it', within <= window.length * 0.05, `${within} of ${window.length}`)
    stage.check('nothing lost later', lost === within, `${lost - within}`)
    recoversWithin(stage, 1000)
  },
}

import { nothingLost, recovery } from '../bars.ts'
import type { Row } from '../row.ts'
import type { Stage } from '../stage.ts'
import type { Sample } from '../watch.ts'

const FROZEN_MS = 6000
/** With short windows it stays frozen until it is killed: on a busy machine the judgement takes longer. */
const LONGEST_MS = 30_000
/** `workers.hangTimeout` by default, and time to notice. */
const REPLACED_MS = 8000

/** Row 4: a worker stands still without dying. */
export const stopWorker: Row = {
  number: 4,
  title: 'SIGSTOP of one worker for 6 s',
  bar: 'nothing lost (requests in hand move on), found within 1 s, killed after the hang time-out and replaced',
  others: {
    supervisord: 'RUNNING all the time',
    pm2: 'online all the time; never detected',
    nginx: 'requests wait 60 s; in a naive round robin 106 time-outs',
  },
  isQuick: true,
  async run(stage) {
    await stage.before()
    const victim = await stage.pidOf('worker:1')
    stage.fault()
    stage.strike(victim, 'SIGSTOP')
    await stage.until(() => isOver(stage, victim), stage.isQuick ? LONGEST_MS : FROZEN_MS)
    stage.strike(victim, 'SIGCONT')
    await recovery(stage)
    await stage.after()
    nothingLost(stage)
    stage.within(
      'status shows it',
      stage.msUntil((sample) => !isFine(sample, victim)),
      1000,
    )
    stage.within('killed and replaced', stage.recoverMs(), REPLACED_MS)
    const { max_during } = stage.figures()
    stage.speed('no request waits longer than 2 s', max_during <= 2000, `${max_during} ms`)
  },
}

const isOver = (stage: Stage, victim: number) => stage.watch.deaths.some(({ pid }) => pid === victim)

/** Does status show the stopped worker as one that serves? A silent one has a reason. */
function isFine({ processes }: Sample, victim: number): boolean {
  const one = processes?.find(({ pid }) => pid === victim)
  return processes === undefined || (one?.state === 'RUNNING' && !one.draining && one.reason === null)
}

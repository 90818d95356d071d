import type { ProcessInfo } from '@imgsvc/core/control'
import { nothingLost } from '../bars.ts'
import type { Row } from '../row.ts'
import type { Stage } from '../stage.ts'

const HOUR_MS = 3_600_000
const SLACK_MS = 5000

/** Row 32: the wall clock is set. */
export const clockJumps: Row = {
  number: 32,
  title: 'the wall clock jumps 1 h ahead, then 1 h behind (Date of every process; timers go on)',
  bar: 'no change of state, uptime stays right, nothing lost',
  others: {
    supervisord: 'forward: early SIGKILL and RUNNING',
    pm2: 'wrong uptime',
    nginx: 'backward: a peer stays out for an hour',
  },
  isQuick: false,
  placement: { takesOrders: true },
  async run(stage) {
    const { instance } = stage
    await stage.before()
    const before = (await instance.list()).map(({ id, pid, state }) => `${id} ${pid} ${state}`).join()
    stage.fault()
    for (const offsetMs of [HOUR_MS, -HOUR_MS]) {
      instance.order('all', { fault: 'clock', offsetMs })
      const until = performance.now() + (stage.isQuick ? 2500 : 8000)
      await stage.until(() => performance.now() > until, 10_000)
      const name = offsetMs > 0 ? '1 h ahead' : '1 h behind'
      const list = await instance.list()
      const now = list.map(({ id, pid, state }) => `${id} ${pid} ${state}`).join()
      stage.check(`no change of state ${name}`, now === before, now)
      const wrong = list.filter((one) => isUptimeWrong(stage, one, offsetMs)).map(({ id }) => id)
      stage.check(`uptime right ${name}`, wrong.length === 0, wrong.join(', '))
    }
    instance.order('all', { fault: 'clock', offsetMs: 0 })
    await stage.after(performance.now() - stage.faultAt() + 500)
    nothingLost(stage)
  },
}

/** Uptime as everybody sees it whose clock was set as well; the instance is as old as its load, roughly. */
function isUptimeWrong(stage: Stage, { since }: ProcessInfo, offsetMs: number): boolean {
  if (since === null) return true
  const shown = Date.now() + offsetMs - since
  const youngest = performance.now() - (stage.watch.samples[0]?.at ?? 0)
  return shown < youngest - SLACK_MS || shown > youngest + 60_000
}

import { nothingLost } from '../bars.ts'
import type { Row } from '../row.ts'

const CAUSE = 'chaos: this build is broken'

/** Row 20: a restart onto code that cannot boot. */
export const brokenBuild: Row = {
  number: 20,
  title: 'rolling restart onto a build that cannot boot',
  bar: 'the first new worker fails and it ends there: exit code not 0, reason shown, all 4 old workers at work, nothing lost',
  others: {
    supervisord: 'stops the old ones first: outage',
    pm2: '4 green ticks, all workers errored, 322 refused',
    nginx: 'does not start programs',
  },
  isQuick: true,
  placement: { takesOrders: true },
  async run(stage) {
    const { instance } = stage
    await stage.before()
    const workersNow = async () =>
      (await instance.list()).filter(({ id, state }) => id.startsWith('worker') && state === 'RUNNING')
    const before = (await workersNow()).map(({ pid }) => pid)
    instance.order('worker', { fault: 'exit-at-boot', message: CAUSE })
    stage.fault()
    const restarting = instance.cli('restart', 'worker')
    let isOver = false
    const finished = restarting.finally(() => {
      isOver = true
    })
    // The canary, and every try of it, may die.
    await stage.until(async () => {
      for (const { pid } of await instance.list()) if (pid !== null && !before.includes(pid)) stage.expectDeathOf(pid)
      return isOver
    }, 90_000)
    const { code, stdout, stderr } = await finished
    await stage.after(performance.now() - stage.faultAt() + 1000)
    const after = (await workersNow()).map(({ pid }) => pid)
    stage.check('restart fails', code !== 0, `exit code ${code}`)
    stage.check('and shows the reason', `${stdout}${stderr}`.includes(CAUSE), `${stdout}${stderr}`.trim())
    stage.check(
      'all old workers are at work',
      before.every((pid) => after.includes(pid)),
      `${before} → ${after}`,
    )
    nothingLost(stage)
  },
}

import { nothingLost, nothingUnlogged, recoversWithin, recovery } from '../bars.ts'
import type { Row } from '../row.ts'

/** Row 15: a new supervisor after a killed one, and then a worker is killed. */
export const supervisorSucceeded: Row = {
  number: 15,
  title: 'then a new supervisor, then `kill -9` of a worker',
  bar: '4 workers adopted within 1 s, nothing lost, 4 ready again within 500 ms',
  others: {
    supervisord: 'cannot adopt: its four copies hit the taken ports, all FATAL or BACKOFF',
    pm2: 'an empty list',
    nginx: 'a new master cannot adopt',
  },
  isQuick: true,
  async run(stage) {
    const { instance } = stage
    await stage.before()
    const before = (await instance.list()).map(({ id, pid }) => `${id} ${pid}`)
    stage.strike(await instance.supervisorPid(), 'SIGKILL')
    const from = performance.now()
    instance.launch()
    const adopted = await stage.until(async () => {
      const now = await instance.list().catch(() => [])
      const isWhole = now.length === before.length && now.every(({ state }) => state === 'RUNNING')
      return isWhole && { ms: performance.now() - from, list: now.map(({ id, pid }) => `${id} ${pid}`) }
    }, 15_000)
    await instance.ready()
    const victim = await stage.pidOf('worker:2')
    stage.fault()
    stage.strike(victim, 'SIGKILL')
    await recovery(stage)
    await stage.after()
    stage.within('adopted', adopted?.ms ?? null, 1000)
    stage.check('the same processes', adopted?.list.join() === before.join(), adopted?.list.join(', '))
    nothingLost(stage)
    nothingUnlogged(stage)
    recoversWithin(stage, 500)
  },
}

import { recoversWithin, recovery } from '../bars.ts'
import type { Row } from '../row.ts'

/** Row 18: supervisor and balancers are killed together. */
export const bothKilled: Row = {
  number: 18,
  title: '`kill -9` of supervisor and balancers, then `imgsvc up`',
  bar: 'workers adopted, all ready again within 1 s after `up`, nothing lost after that',
  others: {
    supervisord: 'not comparable: it has no balancer',
    pm2: 'every app dies with the daemon',
    nginx: 'not comparable: it does not start the programs',
  },
  isQuick: false,
  async run(stage) {
    const { instance } = stage
    await stage.before()
    const list = await instance.list()
    const pidsOf = (role: string) => list.filter(({ id }) => id.startsWith(role)).map(({ pid }) => pid ?? 0)
    stage.strike(await instance.supervisorPid(), 'SIGKILL')
    for (const pid of pidsOf('balancer')) stage.strike(pid, 'SIGKILL')
    stage.fault()
    instance.launch()
    const answers = await stage.until(async () => {
      const { status } = await fetch(`${instance.base}/healthcheck`).catch(() => ({ status: 0 }))
      return status === 200 && performance.now() - stage.faultAt()
    }, 15_000)
    await instance.ready()
    const readyAt = performance.now() - stage.faultAt()
    await recovery(stage)
    await stage.after()
    const workers = (await instance.list()).filter(({ id }) => id.startsWith('worker')).map(({ pid }) => pid)
    stage.check('the same workers', workers.join() === pidsOf('worker').join(), workers.join())
    stage.within('the public port answers', answers ?? null, 1000)
    recoversWithin(stage, 1000)
    const later = stage.dueAfterFault(readyAt).filter(({ loss }) => loss !== undefined).length
    stage.check('nothing lost once it is ready', later === 0, `${later}`)
  },
}

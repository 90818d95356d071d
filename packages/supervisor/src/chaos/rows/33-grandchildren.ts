import { readFileSync } from 'node:fs'
import { recoversWithin, recovery } from '../bars.ts'
import { isAlive, processesOf, zombiesOf } from '../proc.ts'
import type { Row } from '../row.ts'

const COUNT = 3

/** Row 33: a worker dies and leaves children of its own. */
export const grandchildren: Row = {
  number: 33,
  title: 'a worker with 3 children of its own is killed',
  bar: 'they are ended with it, 0 defunct',
  others: {
    supervisord: 'children stay (issue 1101) unless `killasgroup`',
    pm2: 'children stay unless `treekill`',
    nginx: 'not comparable: it does not start programs',
  },
  isQuick: false,
  placement: { takesOrders: true },
  async run(stage) {
    const { instance } = stage
    await stage.before()
    const victim = await stage.pidOf('worker:1')
    instance.order('worker:1', { fault: 'grandchildren', count: COUNT })
    const born = await stage.until(() => {
      const found = processesOf(instance.stateDir).filter((pid) => commandOf(pid).startsWith('sleep'))
      return found.length === COUNT && found
    }, 5000)
    instance.order('worker:1', undefined)
    stage.fault()
    stage.strike(victim, 'SIGKILL')
    await stage.until(() => (born ?? []).filter(isAlive).length === 0, stage.isQuick ? 3000 : 10_000)
    await recovery(stage)
    await stage.after(stage.isQuick ? 4000 : 20_000)
    stage.check('it had children', born?.length === COUNT, `${born?.length ?? 0}`)
    const left = (born ?? []).filter(isAlive)
    stage.check('none is left', left.length === 0, left.join(', '))
    const parents = [await instance.supervisorPid(), ...(await instance.list()).flatMap(({ pid }) => pid ?? [])]
    const defunct = zombiesOf(parents)
    stage.check('0 defunct', defunct.length === 0, defunct.join(', '))
    const { lost, sent } = stage.figures()
    stage.check('no request lost', lost === 0, `${lost} of ${sent}`)
    recoversWithin(stage, 1000)
  },
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    return '' // it has just ended
  }
}

import { nothingLost, nothingUnlogged } from '../bars.ts'
import { rssOf } from '../proc.ts'
import type { Row } from '../row.ts'

const MB = 1024 ** 2
/** Growth of a worker at work that is no queue of unsent messages. */
const SLACK = 80 * MB

/** Row 16: the supervisor stands still. */
export const supervisorStopped: Row = {
  number: 16,
  title: 'SIGSTOP of the supervisor for 60 s',
  bar: 'nothing lost, every request logged, memory of the workers flat, in charge again afterwards',
  others: {
    supervisord: 'a program that logs freezes after 64 KiB',
    pm2: 'messages of every app queue in memory',
    nginx: 'workers serve on',
  },
  isQuick: true,
  async run(stage) {
    const { instance } = stage
    await stage.before()
    const supervisor = await instance.supervisorPid()
    const workers = (await instance.list()).flatMap(({ id, pid }) => (id.startsWith('worker') && pid ? [pid] : []))
    const sizes = () => workers.map(rssOf)
    const before = sizes()
    stage.fault()
    process.kill(supervisor, 'SIGSTOP')
    const stopMs = stage.isQuick ? 5000 : 60_000
    await stage.until(() => performance.now() - stage.faultAt() >= stopMs, stopMs)
    const grown = Math.max(...sizes().map((size, index) => size - (before[index] ?? 0)))
    process.kill(supervisor, 'SIGCONT')
    const from = performance.now()
    const answers = await stage.until(
      () =>
        instance.list().then(
          () => performance.now() - from,
          () => undefined,
        ),
      5000,
    )
    await stage.after(stopMs + 1000)
    nothingLost(stage)
    nothingUnlogged(stage)
    stage.check('memory of the workers is flat', grown < SLACK, `${Math.round(grown / MB)} MB more`)
    stage.within('the supervisor answers again', answers ?? null, 1000)
  },
}

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { ImgsvcError } from '@imgsvc/core/errors'
import { nothingLost, nothingUnlogged } from '../bars.ts'
import type { Row } from '../row.ts'

/** Row 24: nothing can be renamed or made in the log directory when a rotation is due. */
export const logsReadOnly: Row = {
  number: 24,
  title: 'the log directory becomes read-only when a rotation is due',
  bar: 'nothing lost, every line written or counted, rotation goes on by itself within 2 s afterwards',
  others: {
    supervisord: 'that log is closed for ever',
    pm2: 'its rotation is a module that fails',
    nginx: 'goes on writing to the old file',
  },
  isQuick: false,
  placement: { config: { logs: { maxBytes: '100KB', backups: 100 } } },
  async run(stage) {
    const dir = stage.instance.logsDir()
    await stage.before()
    const rotated = () => readdirSync(dir).filter((name) => /^balancer-0\.log./.test(name)).length
    const lock = directoryLock(dir, stage.machine.isRoot)
    lock.close()
    stage.fault()
    const [before, ms] = [rotated(), stage.isQuick ? 3000 : 10_000]
    let during = before
    try {
      await stage.until(() => performance.now() - stage.faultAt() >= ms, ms)
      during = rotated()
    } finally {
      lock.open()
    }
    const from = performance.now()
    const healed = await stage.until(() => rotated() > during && performance.now() - from, 15_000)
    await stage.after(ms + 3000)
    stage.check('rotation had to fail', during === before, `${during - before} rotations while it was read-only`)
    nothingLost(stage)
    nothingUnlogged(stage)
    stage.within('rotates again', healed ?? null, 2000)
  },
}

/** The mode stops everybody but root, for whom there is the immutable flag. */
function directoryLock(dir: string, isRoot: boolean): { close(): void; open(): void } {
  const run = (command: string, ...args: readonly string[]) => {
    const { status, stderr } = spawnSync(command, [...args, dir], { encoding: 'utf8' })
    if (status !== 0) throw new ImgsvcError('INTERNAL', `${command} ${args.join(' ')}: ${stderr}`)
  }
  return isRoot
    ? { close: () => run('chattr', '+i'), open: () => run('chattr', '-i') }
    : { close: () => run('chmod', '0555'), open: () => run('chmod', '0755') }
}

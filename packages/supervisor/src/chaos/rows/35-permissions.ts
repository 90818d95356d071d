import { nothingLost } from '../bars.ts'
import { cleanEnv, runCli } from '../cli.ts'
import type { Row } from '../row.ts'
import { strangerOf, upAsStranger } from '../stranger.ts'

/** Row 35: files of somebody else. */
export const permissions: Row = {
  number: 35,
  title: 'another user: our socket, a configuration of mode 0600, a log directory they may not write to',
  bar: 'each is refused with the exact reason and an exit code that is not 0; the running instance is not touched',
  others: { supervisord: 'exit code 127, a stack trace', pm2: 'EACCES', nginx: '"(13: Permission denied)"' },
  isQuick: false,
  impossible({ isRoot, stranger }) {
    if (!isRoot) return 'only root can be two users'
    return stranger === undefined ? 'another user cannot read the program' : undefined
  },
  async run(stage) {
    const { instance } = stage
    await stage.before()
    stage.fault()
    const env = cleanEnv(instance.env)
    const args = ['status', '--state-dir', instance.stateDir]
    const status = await runCli(args, { cwd: '/', env, uid: strangerOf(stage) })
    const config = await upAsStranger(stage, {}, true)
    const logs = await upAsStranger(stage, { logs: { dir: '/root/imgsvc-logs' } })
    await stage.after(performance.now() - stage.faultAt() + 500)
    const cases = [
      ['the socket', status, /permission/i],
      ['the configuration', config, /imgsvc\.yaml.*(EACCES|permission)/is],
      ['the log directory', logs, /imgsvc-logs.*(EACCES|permission)|(EACCES|permission).*imgsvc-logs/is],
    ] as const
    for (const [name, { code, stderr }, reason] of cases) {
      stage.check(`${name} is refused`, code !== 0 && code !== null, `exit code ${code}`)
      stage.check(`${name}: the reason is named`, reason.test(stderr), stderr.trim())
    }
    nothingLost(stage)
  },
}

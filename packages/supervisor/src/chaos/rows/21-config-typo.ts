import { readFileSync, writeFileSync } from 'node:fs'
import { nothingLost } from '../bars.ts'
import type { Row } from '../row.ts'

/** Row 21: a configuration with a mistake. */
export const configTypo: Row = {
  number: 21,
  title: 'reload, and SIGHUP, with a typo in the configuration',
  bar: 'refused with file:line:column, exit code not 0, nobody restarted, nothing lost',
  others: {
    supervisord: 'SIGHUP stops every program and exits: total outage (`reread` is safe)',
    pm2: 'starts with what it understood',
    nginx: 'keeps the old configuration',
  },
  isQuick: true,
  async run(stage) {
    const { instance } = stage
    await stage.before()
    const before = await instance.list()
    const text = readFileSync(instance.configFile, 'utf8')
    writeFileSync(instance.configFile, text.replace('"basePort"', '"baseProt"'))
    stage.fault()
    const { code, stderr } = await instance.cli('reload')
    process.kill(await instance.supervisorPid(), 'SIGHUP')
    await stage.after(stage.isQuick ? 3000 : 10_000)
    const after = await instance.list()
    stage.check('reload is refused', code !== 0, `exit code ${code}`)
    stage.check('with file:line:column', /imgsvc\.yaml:\d+:\d+: .*baseProt/.test(stderr), stderr.trim())
    const pids = (list: typeof before) => list.map(({ id, pid }) => `${id} ${pid}`).join()
    stage.check('nobody was restarted', pids(after) === pids(before), pids(after))
    nothingLost(stage)
  },
}

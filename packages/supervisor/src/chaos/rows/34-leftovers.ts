import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { statePaths } from '@imgsvc/core/state-dir'
import { nothingLost } from '../bars.ts'
import type { Row } from '../row.ts'
import type { Stage } from '../stage.ts'

/** Row 34: a second `up`, a run directory that vanishes, a pid file and a socket that mean nobody. */
export const leftovers: Row = {
  number: 34,
  title: 'second `up`; run directory removed; stale socket and a pid file whose pid is somebody else by now',
  bar: 'second refused (exit code not 0) and nothing changed; run directory rebuilt; stale files seen through; nothing lost',
  others: {
    supervisord: 'refused, but deletes the logs of the running one first; pid unchecked',
    pm2: 'one daemon per home',
    nginx: '"Address already in use"',
  },
  isQuick: true,
  async run(stage) {
    await stage.before()
    stage.fault()
    await secondUp(stage)
    await removedRunDirectory(stage)
    await stalePid(stage)
    await stage.after(performance.now() - stage.faultAt() + 500)
    nothingLost(stage)
  },
}

const pidsOf = async ({ instance }: Stage) => (await instance.list()).map(({ id, pid }) => `${id} ${pid}`).join()

async function secondUp(stage: Stage): Promise<void> {
  const { instance } = stage
  const before = await pidsOf(stage)
  const pid = await instance.supervisorPid()
  const { code, stderr } = await instance.cli('up', '--config', instance.configFile)
  stage.check('a second `up` is refused', code !== 0 && code !== null, `exit code ${code}`)
  stage.check('and names the running one', stderr.includes(String(pid)), stderr.trim())
  stage.check('and changes nothing', (await pidsOf(stage)) === before, await pidsOf(stage))
}

async function removedRunDirectory(stage: Stage): Promise<void> {
  const { run, supervisorSocket } = statePaths(stage.instance.stateDir)
  const before = await pidsOf(stage)
  rmSync(run, { recursive: true })
  const from = performance.now()
  const rebuilt = await stage.until(
    () =>
      existsSync(supervisorSocket) &&
      stage.instance.list().then(
        () => performance.now() - from,
        () => undefined,
      ),
    10_000,
  )
  stage.within('the run directory is rebuilt', rebuilt ?? null, 1500)
  if (rebuilt !== undefined) stage.check('by the same processes', (await pidsOf(stage)) === before, await pidsOf(stage))
}

/** The record of a killed supervisor, changed to name a process that lives but is none of ours: this one. */
async function stalePid(stage: Stage): Promise<void> {
  const { instance } = stage
  const { supervisorPid, supervisorSocket } = statePaths(instance.stateDir)
  stage.strike(instance.up().pid as number, 'SIGKILL')
  await stage.until(() => instance.up().signalCode !== null, 5000)
  mkdirSync(dirname(supervisorPid), { recursive: true })
  const record = existsSync(supervisorPid) ? readFileSync(supervisorPid, 'utf8') : '{}'
  writeFileSync(supervisorPid, JSON.stringify({ ...(JSON.parse(record) as object), pid: process.pid }))
  // Killed, it left its socket behind; where it did not, a plain file is as dead.
  if (!existsSync(supervisorSocket)) writeFileSync(supervisorSocket, '')
  instance.launch()
  const started = await instance.ready().then(
    () => 'ready',
    (error: Error) => error.message,
  )
  stage.check('starts in spite of stale pid file and socket', started === 'ready', started)
}

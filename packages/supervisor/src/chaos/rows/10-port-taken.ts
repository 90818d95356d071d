import { spawn } from 'node:child_process'
import { nothingLost } from '../bars.ts'
import type { Row } from '../row.ts'
import type { Stage } from '../stage.ts'

const HEAL_MS = 5000

/** Row 10: somebody else has the port of a worker. */
export const portTaken: Row = {
  number: 10,
  title: 'the port of a worker is taken by another program',
  bar: 'pid and command of the holder are named, the others serve, healed within 5 s after the port is free',
  others: {
    supervisord: '"Exited too quickly"',
    pm2: 'errored',
    nginx: 'sends requests to whoever is there',
  },
  isQuick: true,
  async run(stage) {
    const { instance } = stage
    await stage.before()
    stage.expectDeathOf(await stage.pidOf('worker:2'))
    await instance.cli('stop', 'worker:2')
    const holder = await holdPort(stage, instance.ports.workers + 2)
    stage.fault()
    try {
      const started = instance.cli('start', 'worker:2')
      const reason = await stage.until(async () => {
        const now = await stage.find('worker:2')
        if (now.pid !== null) stage.expectDeathOf(now.pid)
        return now.state !== 'STARTING' && now.reason
      }, 10_000)
      const isNamed = reason?.includes(String(holder.pid)) && reason.includes('node')
      stage.check('pid and command of the holder are named', isNamed === true, reason ?? 'no reason')
      const { code } = await started
      stage.check('start says so by its exit code', code === 7, `exit code ${code}`)
    } finally {
      await holder.release()
    }
    const freeAt = performance.now()
    const healed = await stage.until(async () => {
      const now = await stage.find('worker:2')
      if (now.pid !== null && now.state !== 'RUNNING') stage.expectDeathOf(now.pid)
      return now.state === 'RUNNING' && performance.now() - freeAt
    }, 4 * HEAL_MS)
    await stage.after(0)
    stage.within('healed after the port is free', healed ?? null, HEAL_MS)
    nothingLost(stage)
  },
}

/** A program that listens on the port and never answers, as `nc -l` does. */
async function holdPort(stage: Stage, port: number): Promise<{ readonly pid: number; release(): Promise<void> }> {
  const script = `require('node:net').createServer().listen(${port}, '127.0.0.1', () => console.log('holding'))`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let holds = false
  child.stdout.once('data', () => {
    holds = true
  })
  await stage.until(() => holds, 5000)
  return {
    pid: child.pid as number,
    async release() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

import { connect } from 'node:net'
import { nothingLost, recoversWithin, recovery } from '../bars.ts'
import { timeWaits } from '../proc.ts'
import type { Row } from '../row.ts'
import { upAsStranger } from '../stranger.ts'

const CONNECTIONS = 50

/** Row 12: the port has connections in TIME_WAIT; and a port that may not be bound. */
export const portTrouble: Row = {
  number: 12,
  title: 'a port with connections in TIME_WAIT; a port below 1024 without privileges',
  bar: 'the worker binds all the same (SO_REUSEADDR); the refusal is explained, exit code not 0',
  others: { supervisord: 'FATAL', pm2: 'errored', nginx: 'binds; "bind() failed (13: Permission denied)"' },
  isQuick: false,
  impossible: ({ isRoot, stranger }) =>
    isRoot && stranger === undefined ? 'another user cannot read the program' : undefined,
  async run(stage) {
    await stage.before()
    const victim = await stage.pidOf('worker:1')
    const port = stage.instance.ports.workers + 1
    await leaveTimeWaits(port)
    const waiting = timeWaits(port)
    stage.fault()
    stage.strike(victim, 'SIGKILL')
    const refused = await upAsStranger(stage, { listen: '127.0.0.1:81' })
    await recovery(stage)
    await stage.after()
    stage.check('there were connections in TIME_WAIT', waiting > 0, `${waiting}`)
    nothingLost(stage)
    recoversWithin(stage, 1000)
    stage.check(
      'a port below 1024 is refused',
      refused.code !== 0 && refused.code !== null,
      `exit code ${refused.code}`,
    )
    const explains = /EACCES|permission/i.test(refused.stderr) && /privilege|1024/.test(refused.stderr)
    stage.check('and the refusal is explained', explains, refused.stderr)
  },
}

/** The side that closes first keeps the connection in TIME_WAIT: the worker, after `Connection: close`. */
async function leaveTimeWaits(port: number): Promise<void> {
  const one = () =>
    new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write('GET /healthz HTTP/1.1\r\nHost: chaos\r\nConnection: close\r\n\r\n'),
      )
      socket.resume().on('error', () => resolve())
      socket.on('close', () => resolve())
    })
  await Promise.all(Array.from({ length: CONNECTIONS }, one))
}

import { createServer, type Server } from 'node:http'
import { nothingLost } from '../bars.ts'
import { userAgentOf } from '../load.ts'
import type { Row } from '../row.ts'

const OURS = userAgentOf(0).split('/', 1)[0] as string

/** Row 11: a web server that is not ours sits where a worker should be. */
export const foreignServer: Row = {
  number: 11,
  title: 'a foreign HTTP server sits on the port of a worker',
  bar: 'it never receives a request, nothing lost',
  others: {
    supervisord: 'the proxy in front of it would send requests there',
    pm2: 'errored; a proxy in front of it would send requests there',
    nginx: 'sends it requests',
  },
  isQuick: false,
  async run(stage) {
    const { instance } = stage
    await stage.before()
    stage.expectDeathOf(await stage.pidOf('worker:2'))
    await instance.cli('stop', 'worker:2')
    let received = 0
    const server = createServer((request, response) => {
      if (request.headers['user-agent']?.startsWith(OURS)) received += 1
      response.end('not a picture')
    })
    await listen(server, instance.ports.workers + 2)
    stage.fault()
    try {
      const started = instance.cli('start', 'worker:2')
      const until = performance.now() + (stage.isQuick ? 4000 : 15_000)
      await stage.until(async () => {
        const { pid } = await stage.find('worker:2')
        if (pid !== null) stage.expectDeathOf(pid)
        return performance.now() > until
      }, 20_000)
      await started
      await stage.after(0)
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
    stage.check('the foreign server received no request', received === 0, `${received}`)
    nothingLost(stage)
  },
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => resolve())
  })
}

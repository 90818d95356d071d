import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { startChild } from '@imgsvc/core/child-host'
import { type ChildProcess, listenFailure, prepareChildProcess } from '@imgsvc/core/child-process'
import { configHash, parseResolvedConfig } from '@imgsvc/core/config/resolved'
import type { Config } from '@imgsvc/core/config/schema'
import { resolveSecrets } from '@imgsvc/core/config/secrets'
import { createLog } from '@imgsvc/core/log'
import { fileNameOf } from '@imgsvc/core/process'
import { createProcessSampler } from '@imgsvc/core/process-sample'
import { isSpare, untilCalled } from '@imgsvc/core/spare'
import { readChildEnv, statePaths } from '@imgsvc/core/state-dir'
import { createApp } from './app.ts'
import { selfTest, warmUp } from './self-test.ts'

/*
 * One worker:
 *
 *   run/config.json ──► app (sources, stores, engine, express) ──► listen 127.0.0.1:port ──► run/<id>.json ──► ready
 *                                                                                   │
 *   run/<id>.sock  ◄── identity, health, metrics, drain, configure, reopenLogs ─────┘
 *
 *   A spare (core/spare.ts) loads everything and waits; once it is called it goes the same way.
 *
 *   SIGTERM: not ready → stop accepting → finish what is in flight → exit 0
 */

const HOST = '127.0.0.1'
// Longer than the balancer keeps idle connections, so that it never sends into one that is being closed.
const KEEP_ALIVE_MS = 90_000

const childProcess = prepareChildProcess()
try {
  if (isSpare(process.env)) {
    await warmUp()
    Object.assign(process.env, await untilCalled(childProcess))
  }
  await run(childProcess)
} catch (error) {
  await childProcess.fail('the worker could not start', error)
}

async function run(child: ChildProcess): Promise<void> {
  const env = readChildEnv(process.env)
  const paths = statePaths(env.stateDir)
  const read = (path: string) => parseResolvedConfig(readFileSync(path, 'utf8'))
  const first = read(env.configFile ?? paths.config)
  const logFile = join(first.logs.dir, `${fileNameOf(env.id)}.log`)
  const log = createLog({ ...first.logs, file: logFile, base: { id: env.id, pid: process.pid } })
  child.useLog(log)

  const sampler = createProcessSampler(log.dropped)
  const app = await createApp({
    config: withSecrets(first),
    log: log.log,
    id: env.id,
    isReady: () => host.isReady(),
    sample: sampler.sample,
    searchPath: process.env.PATH,
  })
  const host = await startChild({
    env,
    configHash: configHash(first),
    log,
    inFlight: () => app.metrics.inFlight,
    served: () => app.metrics.served,
    metrics: app.metrics.collect,
    handlers: {
      configure: async () => {
        const next = read(paths.config)
        app.configure(withSecrets(next))
        log.configure(next.logs)
        host.setConfigHash(configHash(next))
        return {}
      },
      selfTest: () => selfTest(first),
      explain: ({ url, accept }, signal) => app.explain({ rawUrl: url, accept }, signal),
    },
  })

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, app.express)
  host.listening(await listen(server, env.port, child))
  host.setReady(true)
  log.log.info({ port: env.port, generation: env.generation }, 'ready')

  child.stop.addEventListener('abort', () => void stop(server, first, host, app, child))
}

function withSecrets(config: Config): Config {
  return resolveSecrets(config, { env: process.env })
}

/** Listens on a port of this process alone: a handle shared through the cluster would die with the supervisor. */
async function listen(server: Server, port: number, child: ChildProcess): Promise<number> {
  server.listen({ host: HOST, port, exclusive: true })
  try {
    await once(server, 'listening')
  } catch (error) {
    const failure = listenFailure(error as NodeJS.ErrnoException, `${HOST}:${port}`)
    await child.fail('the worker could not listen', failure.error, failure.exitCode)
  }
  return (server.address() as AddressInfo).port
}

async function stop(
  server: Server,
  config: Config,
  host: Awaited<ReturnType<typeof startChild>>,
  app: Awaited<ReturnType<typeof createApp>>,
  child: ChildProcess,
): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  const left = await host.drain(config.workers.stopTimeout)
  server.closeIdleConnections()
  // Still answering after the time-out: the supervisor's SIGKILL is next, so cut them ourselves.
  if (left > 0) server.closeAllConnections()
  await closed
  await app.close()
  await host.close()
  await child.exit(0)
}

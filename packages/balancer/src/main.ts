import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type ChildHost, startChild } from '@imgsvc/core/child-host'
import { type ChildProcess, listenFailure, prepareChildProcess } from '@imgsvc/core/child-process'
import { systemClock } from '@imgsvc/core/clock'
import { configHash, parseResolvedConfig } from '@imgsvc/core/config/resolved'
import type { Config } from '@imgsvc/core/config/schema'
import { formatHostPort, type HostPort } from '@imgsvc/core/config/setting'
import { createLog, type Logger } from '@imgsvc/core/log'
import { fileNameOf, type ProcessId } from '@imgsvc/core/process'
import { createProcessSampler } from '@imgsvc/core/process-sample'
import { readChildEnv, type StatePaths, statePaths } from '@imgsvc/core/state-dir'
import { parseUpstreamList } from '@imgsvc/core/upstream-list'
import { type Balancer, createBalancer } from './app.ts'
import { maxClients, openFilesLimit } from './limits.ts'
import { spawnSibling } from './sibling.ts'

/*
 * One balancer process.
 *
 *   client ─► server ─► routes ─► forward ─► proxy (http-proxy) ─► worker
 *             limits    health    │  ▲
 *                                 ▼  │ answer: pass-on
 *                                pool ◄── upstreams (control socket; run/upstreams.json at boot)
 *
 *   exchange: one request and its tries ─► access log, metrics
 *   control socket (core/child-host): identity, health, metrics, drain, reopenLogs, upstreams, configure
 */

const childProcess = prepareChildProcess()
try {
  await run(childProcess)
} catch (error) {
  await childProcess.fail('the balancer could not start', error)
}

async function run(child: ChildProcess): Promise<void> {
  const env = readChildEnv(process.env)
  const id = env.id as ProcessId
  const paths = statePaths(env.stateDir)
  let config = readConfig(paths)
  const log = createLog({
    ...config.logs,
    file: join(config.logs.dir, `${fileNameOf(id)}.log`),
    base: { id, pid: process.pid },
  })
  child.useLog(log)

  let host: ChildHost | undefined
  const sampler = createProcessSampler(log.dropped)
  const clients = maxClients(readOpenFilesLimit())
  const balancer = createBalancer({
    id,
    config,
    log: log.log,
    clock: systemClock,
    sample: sampler.sample,
    maxClients: clients,
    isDraining: () => host?.isDraining() ?? false,
  })
  readUpstreams(paths, balancer, log.log)
  host = await startChild({
    env,
    configHash: configHash(config),
    log,
    inFlight: balancer.inFlight,
    metrics: balancer.metrics.collect,
    handlers: {
      upstreams: async (list) => {
        balancer.pool.replace(parseUpstreamList(list))
        return {}
      },
      requestsOn: async (worker) => balancer.inHand.of(worker),
      spawnSibling: async (program) => spawnSibling(program, balancer.server, process.env),
      configure: async () => {
        config = readConfig(paths)
        balancer.configure(config)
        log.configure(config.logs)
        host?.setConfigHash(configHash(config))
        return {}
      },
    },
  })
  await listen(child, balancer.server, config.listen, env.listenFd)
  // Failing accepts (EMFILE) pass; the port stays open.
  balancer.server.on('error', (error) => log.log.error({ err: error }, 'the public port reported an error'))
  host.listening((balancer.server.address() as AddressInfo).port)
  host.setReady(true)
  log.log.info(
    { listen: formatHostPort(config.listen), upstreams: balancer.pool.list().length, maxClients: clients },
    'ready',
  )
  await untilAborted(child.stop)

  host.setReady(false)
  log.log.info({ inFlight: balancer.inFlight() }, 'stopping')
  await balancer.stop(config.workers.stopTimeout)
  sampler.close()
  await host.close()
  await child.exit(0)
}

function readConfig(paths: StatePaths): Config {
  return parseResolvedConfig(readFileSync(paths.config, 'utf8'))
}

function readOpenFilesLimit(): number {
  try {
    return openFilesLimit(readFileSync('/proc/self/limits', 'utf8'))
  } catch {
    return Number.POSITIVE_INFINITY // not Linux
  }
}

/** The list of the moment; without one the pool stays empty until the supervisor sends it. */
function readUpstreams(paths: StatePaths, balancer: Balancer, log: Logger): void {
  try {
    balancer.pool.replace(parseUpstreamList(JSON.parse(readFileSync(paths.upstreams, 'utf8'))))
  } catch (error) {
    log.warn({ err: error, path: paths.upstreams }, 'no list of workers yet')
  }
}

/**
 * Listens on the public port: through the handle that node:cluster shares among balancers, or on the socket of the
 * balancer that started this one. A port that cannot be had ends the process with its own exit code: trying again would not help.
 */
async function listen(
  child: ChildProcess,
  server: Server,
  address: HostPort,
  listenFd: number | undefined,
): Promise<void> {
  // Under cluster the supervisor opens the port: without it there would be no answer, ever.
  const orphaned = () => void child.fail('the balancer could not start', new Error('the supervisor has gone'))
  process.once('disconnect', orphaned)
  try {
    server.listen(listenFd === undefined ? { host: address.host, port: address.port } : { fd: listenFd })
    await once(server, 'listening')
  } catch (error) {
    const failure = listenFailure(error as NodeJS.ErrnoException, formatHostPort(address))
    await child.fail('the balancer cannot listen', failure.error, failure.exitCode)
  }
  process.off('disconnect', orphaned)
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

import { createServer } from 'node:net'
import type { Config } from '@imgsvc/core/config/schema'
import { formatHostPort, type HostPort } from '@imgsvc/core/config/setting'
import { ImgsvcError } from '@imgsvc/core/errors'
import { describePortHolder } from './port-holder.ts'

/** A port imgsvc is about to use, and the flag that moves it. */
export interface NeededPort {
  readonly address: HostPort
  readonly what: string
  readonly flag: string
}

/** Every port of a configuration: public, admin and one per worker. */
export function neededPorts(config: Config, workers: number): readonly NeededPort[] {
  return [
    { address: config.listen, what: 'the public port', flag: '--listen' },
    { address: config.admin.listen, what: 'the admin port', flag: '--admin' },
    ...Array.from({ length: workers }, (_, index) => workerPort(config, index)),
  ]
}

/** The port of one worker. */
export function workerPort(config: Config, index: number): NeededPort {
  const address = { host: '127.0.0.1', port: config.workers.basePort + index }
  return { address, what: `worker:${index}`, flag: '--worker-port' }
}

/** With `workers.count: auto` the number of workers is only known here, so what the configuration was checked for is looked at again. */
function checkDistinct(ports: readonly NeededPort[]): void {
  const owners = new Map<number, NeededPort>()
  for (const port of ports) {
    const { address, what, flag } = port
    if (address.port > 65_535) {
      throw new ImgsvcError('CONFIG_INVALID', `${what} would be on port ${address.port}, past 65535; change ${flag}`)
    }
    const other = address.port === 0 ? undefined : owners.get(address.port)
    // A worker's port on 127.0.0.1 collides with a public one on all addresses; on a particular other one it does not.
    if (other && overlap(other.address.host, address.host)) {
      throw new ImgsvcError('CONFIG_INVALID', `port ${address.port} is both ${other.what} and ${what}; change ${flag}`)
    }
    owners.set(address.port, port)
  }
}

function overlap(one: string, other: string): boolean {
  const isWide = (host: string) => host === '0.0.0.0' || host === '::'
  return one === other || isWide(one) || isWide(other) || (isLocal(one) && isLocal(other))
}

const isLocal = (host: string) => host === 'localhost' || host === '127.0.0.1'

/**
 * Binds and releases every port before anything is spawned. Throws PORT_TAKEN for all that are taken, one per line,
 * with the holder's pid and command and the flag to change; PROCESS_FAILED for addresses that cannot be bound at all,
 * CONFIG_INVALID when two are the same or one is past 65535. Ports in `ours` are held by children to be adopted.
 */
export async function checkPorts(ports: readonly NeededPort[], ours: ReadonlySet<number> = new Set()): Promise<void> {
  checkDistinct(ports)
  const taken: string[] = []
  for (const { address, what, flag } of ports.filter((port) => !ours.has(port.address.port))) {
    // Port 0 lets the kernel choose a free one.
    const error = address.port === 0 ? undefined : await tryListen(address)
    if (error === undefined) continue
    const where = `${what} (${formatHostPort(address)})`
    if (error.code !== 'EADDRINUSE') {
      const hint = error.code === 'EACCES' ? ': ports below 1024 need privileges' : ''
      throw new ImgsvcError('PROCESS_FAILED', `${where} cannot be used: ${error.message}${hint}; change ${flag}`)
    }
    taken.push(`${await describePortHolder(address.port)}; it is needed for ${where}; stop it or change ${flag}`)
  }
  if (taken.length > 0) throw new ImgsvcError('PORT_TAKEN', taken.join('\n'))
}

/** Can this port be bound at this moment? Only for addresses of this machine. */
export async function isFree(address: HostPort): Promise<boolean> {
  return (await tryListen(address)) === undefined
}

/** Why this address cannot be bound; undefined when it can. */
export function tryListen({ host, port }: HostPort): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}

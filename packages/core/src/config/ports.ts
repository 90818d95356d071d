import type { Mistake } from './mistake.ts'
import type { Config } from './schema.ts'
import type { HostPort } from './setting.ts'

/** Ports that cannot go together; `path` names the setting to change. */
export function portMistakes(config: Config): readonly Pick<Mistake, 'path' | 'message'>[] {
  const { listen, admin, workers } = config
  const mistakes: Pick<Mistake, 'path' | 'message'>[] = []
  // `auto` is at least 2 everywhere; how many more depends on the machine and is checked when the workers start.
  const count = workers.count === 'auto' ? 2 : workers.count
  const last = workers.basePort + count - 1
  if (last > 65_535) {
    mistakes.push({
      path: 'workers.basePort',
      message: `${count} workers from port ${workers.basePort} on run past 65535`,
    })
  }
  const workerPorts = `ports ${workers.basePort} to ${last} belong to the workers (workers.basePort)`
  for (const [path, address] of [
    ['listen', listen],
    ['admin.listen', admin.listen],
  ] as const) {
    const isWorkerPort = address.port >= workers.basePort && address.port <= last
    if (isWorkerPort && isOverlapping(address.host, '127.0.0.1')) {
      mistakes.push({ path, message: `${workerPorts}, got ${address.port}` })
    }
  }
  if (isTaken(listen, admin.listen)) {
    mistakes.push({ path: 'admin.listen', message: `port ${listen.port} is the public one (listen); choose another` })
  }
  return mistakes
}

// Port 0 lets the system choose a free one.
function isTaken(a: HostPort, b: HostPort): boolean {
  return a.port !== 0 && a.port === b.port && isOverlapping(a.host, b.host)
}

const EVERYWHERE = new Set(['0.0.0.0', '::'])

function isOverlapping(a: string, b: string): boolean {
  return a === b || EVERYWHERE.has(a) || EVERYWHERE.has(b) || (isLocal(a) && isLocal(b))
}

const isLocal = (host: string) => host === 'localhost' || host === '127.0.0.1'

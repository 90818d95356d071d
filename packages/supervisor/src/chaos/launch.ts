import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ImgsvcError } from '@imgsvc/core/errors'
import { type Env, PROGRAM } from './cli.ts'
import type { PlacePorts } from './place.ts'
import { until } from './until.ts'

/** How a row wants its instance. */
export interface Placement {
  readonly workers?: number
  /** Settings beyond place and sources, by section. */
  readonly config?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Loads the fault module in every process, so that `order` works. */
  readonly takesOrders?: boolean
  /** Size of a file system of its own for the logs, as `mount -o size=` takes it; seen by the instance alone. */
  readonly logsTmpfs?: string
}

/** Where an instance lives. */
export interface Place {
  readonly home: string
  readonly ports: PlacePorts
  readonly workers: number
}

/** Its configuration file: the sample photographs, everything that is written below `home`. */
export function configText({ config = {} }: Placement, { home, ports, workers }: Place, key: string): string {
  const local = (port: number) => `127.0.0.1:${port}`
  const own: Record<string, unknown> = {
    listen: local(ports.public),
    admin: { listen: local(ports.admin) },
    security: { key },
    sources: [{ type: 'file', root: fileURLToPath(new URL('../../samples', import.meta.url)) }],
    results: { type: 'file', root: join(home, 'results') },
    logs: { dir: join(home, 'logs'), ...config.logs },
    workers: { count: workers, basePort: ports.workers, ...config.workers },
  }
  // JSON is YAML.
  return `${JSON.stringify({ ...config, ...own }, null, 2)}\n`
}

export interface UpOptions {
  readonly home: string
  readonly env: Env
  /** Where a file system is mounted when the placement asks for one. */
  readonly logs: string
  readonly placement: Placement
  readonly signal: AbortSignal
}

/** `imgsvc up` in the foreground, started as often as a row likes. */
export interface Up {
  /** Starts it; does not wait. */
  launch(): void
  /** As it was started last. */
  process(): ChildProcess
  /** Waits until it says that it is ready. Throws PROCESS_FAILED with what it printed. */
  ready(): Promise<void>
}

const READY_MS = 40_000

/** Nothing is started yet. */
export function createUp(args: readonly string[], options: UpOptions): Up {
  let child: ChildProcess | undefined
  let printed = ''
  let isClosed = false
  const process = () => {
    if (!child) throw new ImgsvcError('NOT_RUNNING', 'it was not launched')
    return child
  }
  return {
    process,
    launch() {
      printed = ''
      isClosed = false
      const launched = spawnUp(args, options)
      child = launched
      // Later than its exit: what it printed last has arrived then. And perhaps later than the next launch.
      launched.once('close', () => {
        if (child === launched) isClosed = true
      })
      for (const stream of [launched.stdout, launched.stderr]) {
        stream?.setEncoding('utf8').on('data', (text: string) => {
          if (child === launched) printed += text
        })
      }
    },
    async ready() {
      const { signal } = options
      const isOver = () => isClosed || / is ready$/m.test(printed)
      const saysSomething = await until(isOver, { withinMs: READY_MS, signal })
      if (!saysSomething || isClosed) {
        throw new ImgsvcError('PROCESS_FAILED', `imgsvc up: ${printed.trim().split('\n').slice(-5).join(' | ')}`)
      }
    },
  }
}

/** Has this process ended? */
export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** In a session of its own: Ctrl-C at the rig must reach the rig alone, which then ends this in order. */
function spawnUp(args: readonly string[], { home, env, logs, placement }: UpOptions): ChildProcess {
  const options: SpawnOptions = { cwd: home, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] }
  const command = [process.execPath, PROGRAM, ...args]
  if (placement.logsTmpfs === undefined) return spawn(command[0] as string, command.slice(1), options)
  // A mount that goes with its last process, whatever becomes of the rig.
  const script = `mount -t tmpfs -o size=${placement.logsTmpfs} tmpfs "$0" && exec "$@"`
  return spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script, logs, ...command], options)
}

import { join } from 'node:path'
import { ImgsvcError } from './errors.ts'
import { fileNameOf } from './process.ts'

/** Where everything imgsvc writes at run time lives, below one directory. */
export interface StatePaths {
  readonly root: string
  readonly run: string
  /** The supervisor's control socket. */
  readonly supervisorSocket: string
  readonly supervisorPid: string
  /** The resolved configuration children read (0600; secret references unresolved). */
  readonly config: string
  readonly upstreams: string
  /** The generated signing key (0600). */
  readonly key: string
  socketOf(id: string): string
  runFileOf(id: string): string
}

// sun_path of Linux is 108 bytes with its closing NUL, of macOS 104.
const LONGEST_SOCKET_PATH = 103

/** Paths below a state directory. Throws STATE_DIR_UNUSABLE when its name is too long for Unix sockets. */
export function statePaths(root: string): StatePaths {
  const run = join(root, 'run')
  const longest = join(run, 'balancer-9999.sock')
  if (Buffer.byteLength(longest) > LONGEST_SOCKET_PATH) {
    const spare = LONGEST_SOCKET_PATH - (Buffer.byteLength(longest) - Buffer.byteLength(root))
    throw new ImgsvcError(
      'STATE_DIR_UNUSABLE',
      `${root} is too long for the Unix sockets below it; choose a path of at most ${spare} bytes with --state-dir`,
    )
  }
  return {
    root,
    run,
    supervisorSocket: join(run, 'supervisor.sock'),
    supervisorPid: join(run, 'supervisor.json'),
    config: join(run, 'config.json'),
    upstreams: join(run, 'upstreams.json'),
    key: join(root, 'security.key'),
    socketOf: (id) => join(run, `${fileNameOf(id)}.sock`),
    runFileOf: (id) => join(run, `${fileNameOf(id)}.json`),
  }
}

/** What the supervisor passes to a child through its environment; read once, in the child's main.ts. */
export interface ChildEnv {
  readonly id: string
  readonly stateDir: string
  readonly generation: number
  readonly port: number
}

export function childEnv(env: ChildEnv): Record<string, string> {
  return {
    IMGSVC_CHILD_ID: env.id,
    IMGSVC_CHILD_STATE_DIR: env.stateDir,
    IMGSVC_CHILD_GENERATION: String(env.generation),
    IMGSVC_CHILD_PORT: String(env.port),
  }
}

/** Throws CONFIG_INVALID when the process was not started by the supervisor. */
export function readChildEnv(env: Readonly<Record<string, string | undefined>>): ChildEnv {
  const id = env.IMGSVC_CHILD_ID
  const stateDir = env.IMGSVC_CHILD_STATE_DIR
  if (!id || !stateDir) throw new ImgsvcError('CONFIG_INVALID', 'this program is started by `imgsvc up`, not by hand')
  return { id, stateDir, generation: Number(env.IMGSVC_CHILD_GENERATION), port: Number(env.IMGSVC_CHILD_PORT) }
}

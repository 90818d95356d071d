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
  /** A configuration that a canary tries before it is the one in force. */
  readonly trialConfig: string
  readonly upstreams: string
  /** The generated signing key (0600). */
  readonly key: string
  /** One file per crash. */
  readonly crashes: string
  socketOf(id: string): string
  runFileOf(id: string): string
  /** Where a process whose event loop is blocked leaves its stack. */
  hangStackOf(id: string): string
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
    trialConfig: join(run, 'config.trial.json'),
    upstreams: join(run, 'upstreams.json'),
    key: join(root, 'security.key'),
    crashes: join(root, 'crashes'),
    socketOf: (id) => join(run, `${fileNameOf(id)}.sock`),
    runFileOf: (id) => join(run, `${fileNameOf(id)}.json`),
    hangStackOf: (id) => join(run, `${fileNameOf(id)}.hang`),
  }
}

/** What the supervisor passes to a child through its environment; read once, in the child's main.ts. */
export interface ChildEnv {
  readonly id: string
  readonly stateDir: string
  readonly generation: number
  readonly port: number
  /** The configuration to begin with, where it is not the one in force: a canary tries it first. */
  readonly configFile?: string | undefined
  /** Descriptor of a listening socket to use instead of opening the port: that of the balancer which started this one. */
  readonly listenFd?: number | undefined
}

/** The environment of a child. */
export function childEnv(env: ChildEnv): Record<string, string> {
  return {
    IMGSVC_CHILD_ID: env.id,
    IMGSVC_CHILD_STATE_DIR: env.stateDir,
    IMGSVC_CHILD_GENERATION: String(env.generation),
    IMGSVC_CHILD_PORT: String(env.port),
    // Empty rather than absent: it must not be inherited from whoever started the supervisor.
    IMGSVC_CHILD_CONFIG: env.configFile ?? '',
    IMGSVC_CHILD_LISTEN_FD: env.listenFd === undefined ? '' : String(env.listenFd),
  }
}

/** Throws CONFIG_INVALID when the process was not started by the supervisor. */
export function readChildEnv(env: Readonly<Record<string, string | undefined>>): ChildEnv {
  const id = env.IMGSVC_CHILD_ID
  const stateDir = env.IMGSVC_CHILD_STATE_DIR
  if (!id || !stateDir) throw new ImgsvcError('CONFIG_INVALID', 'this program is started by `imgsvc up`, not by hand')
  return {
    id,
    stateDir,
    generation: Number(env.IMGSVC_CHILD_GENERATION),
    port: Number(env.IMGSVC_CHILD_PORT),
    configFile: env.IMGSVC_CHILD_CONFIG || undefined,
    listenFd: env.IMGSVC_CHILD_LISTEN_FD ? Number(env.IMGSVC_CHILD_LISTEN_FD) : undefined,
  }
}

import cluster from 'node:cluster'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Exit } from '@imgsvc/core/process'

/** What to start, and where its stdout and stderr go. */
export interface ChildProgram {
  readonly entry: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Appended to; when it cannot be opened the output is thrown away. */
  readonly stderrFile: string
}

/** A child this supervisor forked. */
export interface Child {
  readonly pid: number
  /** Sends a signal; nothing happens when the child is gone. */
  kill(signal: NodeJS.Signals): void
}

/** Starts a child; `onExit` is called once. Throws the system's error when it cannot be forked. */
export type SpawnChild = (program: ChildProgram, onExit: (exit: Exit) => void) => Child

/**
 * Forks through node:cluster, so that balancers share the public port. SCHED_NONE: the kernel hands connections to
 * the balancers, which therefore go on accepting when this process is gone. Output goes to a file and not to a pipe:
 * a pipe would kill (EPIPE) or freeze (full) the child together with its reader.
 */
export const spawnChild: SpawnChild = (program, onExit) => {
  const output = openOutput(program.stderrFile)
  try {
    cluster.schedulingPolicy = cluster.SCHED_NONE
    // Applies to the forks after it: set for each one, as each has its own program and files.
    cluster.setupPrimary({
      exec: program.entry,
      args: [...program.args],
      execArgv: [],
      stdio: ['ignore', output, output, 'ipc'],
      serialization: 'advanced',
      // All paths are absolute, and the directory we were started in may be gone by the next restart.
      cwd: '/',
    })
    const worker = cluster.fork(program.env)
    // Without a listener a failed fork (EAGAIN, EMFILE) or a broken IPC channel would end this process. The former
    // shows in the missing pid; the latter carries nothing but listening sockets, and its child will exit or be restarted.
    worker.on('error', () => {})
    const { pid } = worker.process
    if (pid === undefined) throw new Error('the system refused to start a process (EAGAIN, EMFILE or ENOMEM)')
    worker.process.once('exit', (code, signal) => onExit({ code, signal, at: Date.now() }))
    return {
      pid,
      kill(signal) {
        worker.process.kill(signal)
      },
    }
  } finally {
    if (output !== 'ignore') closeSync(output)
  }
}

/** A full disk or a vanished directory must not keep a worker from coming back. */
function openOutput(path: string): number | 'ignore' {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 })
    return openSync(path, 'a', 0o640)
  } catch {
    return 'ignore' // the supervisor's and the child's own logs complain about the same disk
  }
}

import cluster from 'node:cluster'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Exit } from '@imgsvc/core/process'
import type { Launch } from './launch.ts'

/** What to start, and where its stdout and stderr go. */
export interface ChildProgram {
  readonly entry: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Permissions its new files do not get; undefined: as this process. */
  readonly umask?: number | undefined
  /** Priority and limits. */
  readonly launch?: Launch
  /** Path that answers 200 on its port when it takes requests; without one its own word is enough. */
  readonly probe?: string | undefined
  /** Appended to; when it cannot be opened the output is thrown away. */
  readonly stderrFile: string
}

/** A child this supervisor forked. */
export interface Child {
  readonly pid: number
  /** Sends a signal; nothing happens when the child is gone. */
  kill(signal: NodeJS.Signals): void
  /** Cuts the tie: the child goes on alone, as if this process had died. */
  letGo(): void
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
    const worker = withUmask(program.umask, () => cluster.fork(program.env))
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
      letGo() {
        // Not worker.disconnect(): that one asks the child to close its servers first.
        if (worker.process.connected) worker.process.disconnect()
        worker.process.unref()
      },
    }
  } finally {
    if (output !== 'ignore') closeSync(output)
  }
}

/** A child inherits the umask of the moment it is forked in. */
function withUmask<T>(umask: number | undefined, run: () => T): T {
  if (umask === undefined) return run()
  const before = process.umask(umask)
  try {
    return run()
  } finally {
    process.umask(before)
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

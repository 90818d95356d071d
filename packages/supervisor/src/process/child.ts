import cluster, { type Worker } from 'node:cluster'
import { closeSync, constants, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Exit } from '@imgsvc/core/process'
import { isSpareWord, type SpareOrder, type SpareWord } from '@imgsvc/core/spare'
import type { Account } from '../accounts.ts'
import type { Launch } from './launch.ts'

/** What to start, and where its stdout and stderr go. */
export interface ChildProgram {
  readonly entry: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Whom it runs as; undefined: as this process. */
  readonly account?: Account | undefined
  /** Permissions its new files do not get; undefined: as this process. */
  readonly umask?: number | undefined
  /** Priority and limits. */
  readonly launch?: Launch
  /** Path that answers 200 on its port when it takes requests; without one its own word is enough. */
  readonly probe?: string | undefined
  /** Appended to; when it cannot be opened the output is thrown away. */
  readonly stderrFile: string
  /** Why it is started; default `asked`. */
  readonly cause?: StartCause
}

/** `asked`: somebody wanted it; `crashed`: one that had been running ended by itself; `retry`: one did not come up. */
export type StartCause = 'asked' | 'crashed' | 'retry'

/** A child this supervisor forked. */
export interface Child {
  readonly pid: number
  /** Where its output begins in `stderrFile`; undefined: where that file ended when it was started. */
  readonly outputFrom?: number
  /** Sends a signal; nothing happens when the child is gone. `isMeantToEnd` (default): its end is looked out for. */
  kill(signal: NodeJS.Signals, isMeantToEnd?: boolean): void
  /** Cuts the tie: the child goes on alone, as if this process had died. */
  letGo(): void
}

/** Starts a child; `onExit` is called once. Throws the system's error when it cannot be forked. */
export type SpawnChild = (program: ChildProgram, onExit: (exit: Exit) => void) => Child

/** A child that waits for its task (core/spare.ts). */
export interface WaitingChild extends Child {
  /** Nothing happens when the child is gone. */
  say(order: SpareOrder): void
}

/** Starts a child that waits; `onWord` is called for all it says. Throws as SpawnChild. */
export type SpawnWaiting = (
  program: ChildProgram,
  onExit: (exit: Exit) => void,
  onWord: (word: SpareWord) => void,
) => WaitingChild

/**
 * Forks through node:cluster, so that balancers share the public port. SCHED_NONE: the kernel hands connections to
 * the balancers, which therefore go on accepting when this process is gone. Output goes to a file and not to a pipe:
 * a pipe would kill (EPIPE) or freeze (full) the child together with its reader.
 */
export const spawnChild: SpawnChild = (program, onExit) => fork(program, onExit).child

/** As spawnChild, for a child that waits. */
export const spawnWaiting: SpawnWaiting = (program, onExit, onWord) => {
  const { child, worker } = fork(program, onExit)
  worker.process.on('message', (message) => {
    if (isSpareWord(message)) onWord(message)
  })
  return {
    ...child,
    say(order) {
      // Gone a moment ago: `exit` tells.
      if (worker.process.connected) worker.process.send(order, () => {})
    },
  }
}

function fork(program: ChildProgram, onExit: (exit: Exit) => void): { child: Child; worker: Worker } {
  const output = openOutput(program.stderrFile, program.account !== undefined)
  try {
    cluster.schedulingPolicy = cluster.SCHED_NONE
    // Applies to the forks after it: set for each one, as each has its own program and files.
    cluster.setupPrimary({
      exec: program.entry,
      args: [...program.args],
      execArgv: [],
      stdio: ['ignore', output, output, 'ipc'],
      serialization: 'advanced',
      // Said even when there are none: settings of an earlier fork would hold on.
      uid: program.account?.uid,
      gid: program.account?.gid,
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
    const child: Child = {
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
    return { child, worker }
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

const APPEND = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY

/** A full disk or a vanished directory must not keep a worker from coming back. */
function openOutput(path: string, isShared: boolean): number | 'ignore' {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 })
    // In a directory where other users make files, a link would lead root astray.
    return openSync(path, isShared ? APPEND | constants.O_NOFOLLOW : 'a', 0o640)
  } catch {
    return 'ignore' // the supervisor's and the child's own logs complain about the same disk
  }
}
